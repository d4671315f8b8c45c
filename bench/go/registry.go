// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/registry"
	"ocisign.dev/interop/protocol"
	"oras.land/oras-go/v2/registry/remote"
)

type tagsRequest struct {
	protocol.Head
	Repository  string   `json:"repository"`
	Tags        []string `json:"tags"`
	ConfigDir   string   `json:"configDir"`
	Concurrency int      `json:"concurrency"`
	// Threads is how many processors Go may use at once.
	Threads int `json:"threads"`
}

// verifyTags verifies every tag of a repository the way the notation command
// line does: the tag is resolved, then notation.Verify is asked about the
// digest. Client, verifier and trust store are made once for all of them.
func verifyTags(line []byte) (any, error) {
	var request tagsRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	if request.Concurrency < 1 || request.Threads < 1 {
		return nil, errors.New("bad request: concurrency and threads must be positive")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(request.Threads))
	remote, err := remote.NewRepository(request.Repository)
	if err != nil {
		return nil, err
	}
	remote.PlainHTTP = true
	repository := registry.NewRepository(remote)
	verifier, err := openVerifier(request.ConfigDir)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	err = forEach(request.Tags, request.Concurrency, func(tag string) error {
		ctx := context.Background()
		target, err := repository.Resolve(ctx, tag)
		if err != nil {
			return err
		}
		_, _, err = notation.Verify(ctx, verifier, repository, notation.VerifyOptions{
			ArtifactReference:    request.Repository + "@" + target.Digest.String(),
			MaxSignatureAttempts: 100,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return measured{Ops: len(request.Tags), Seconds: time.Since(start).Seconds()}, nil
}

// forEach does so many at once; the first error is returned once all have ended.
func forEach(items []string, concurrency int, do func(string) error) error {
	work := make(chan string)
	failures := make(chan error, len(items))
	var workers sync.WaitGroup
	for range concurrency {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for item := range work {
				if err := do(item); err != nil {
					failures <- err
				}
			}
		}()
	}
	for _, item := range items {
		work <- item
	}
	close(work)
	workers.Wait()
	close(failures)
	return <-failures
}
