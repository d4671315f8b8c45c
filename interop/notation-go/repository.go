// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"ocisign.dev/interop/protocol"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// place is where artifacts are: a layout, or a repository of a registry that
// is spoken to by plain http.
type place struct {
	Layout     string `json:"layout"`
	Repository string `json:"repository"`
	Username   string `json:"username"`
	Password   string `json:"password"`
	// Referrers is "" (whatever the registry has), "api" or "tag", which is
	// what the notation command line uses unless told otherwise.
	Referrers string `json:"referrers"`
}

func (p place) openRemote() (*remote.Repository, error) {
	repository, err := remote.NewRepository(p.Repository)
	if err != nil {
		return nil, fmt.Errorf("bad request: %w", err)
	}
	repository.PlainHTTP = true
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache()}
	if p.Username != "" {
		client.Credential = auth.StaticCredential(repository.Reference.Host(), auth.Credential{
			Username: p.Username,
			Password: p.Password,
		})
	}
	repository.Client = client
	switch p.Referrers {
	case "":
		return repository, nil
	case "api", "tag":
		return repository, repository.SetReferrersCapability(p.Referrers == "api")
	default:
		return nil, fmt.Errorf("bad request: unknown kind of referrers %q", p.Referrers)
	}
}

// openForReading opens a layout so that nothing can be written to it.
func (p place) openForReading(lister string) (registry.Repository, error) {
	if p.Repository == "" {
		return openLayout(p.Layout, lister)
	}
	if lister != "" && lister != "reference" {
		return nil, errors.New("bad request: a registry has only the reference's own lister")
	}
	repository, err := p.openRemote()
	if err != nil {
		return nil, err
	}
	return registry.NewRepository(repository), nil
}

// openForWriting returns what is signed in, and where manifests of other forms are pushed to.
func (p place) openForWriting() (registry.Repository, oras.GraphTarget, error) {
	if p.Repository == "" {
		store, err := oci.New(p.Layout)
		if err != nil {
			return nil, nil, err
		}
		repository, err := registry.NewOCIRepository(p.Layout, registry.RepositoryOptions{})
		return repository, store, err
	}
	repository, err := p.openRemote()
	if err != nil {
		return nil, nil, err
	}
	return registry.NewRepository(repository), repository, nil
}

type listRequest struct {
	protocol.Head
	place
	Reference string `json:"reference"`
}

type listed struct {
	OK         bool                 `json:"ok"`
	Target     *ocispec.Descriptor  `json:"target,omitempty"`
	Signatures []ocispec.Descriptor `json:"signatures"`
	Error      string               `json:"error,omitempty"`
}

// list says what the reference finds: the artifact, and the manifests of its signatures.
func list(line []byte) (any, error) {
	var request listRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	repository, err := request.openForReading("")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	target, err := repository.Resolve(ctx, request.Reference)
	if err != nil {
		return listed{Error: err.Error()}, nil
	}
	signatures := []ocispec.Descriptor{}
	err = repository.ListSignatures(ctx, target, func(page []ocispec.Descriptor) error {
		signatures = append(signatures, page...)
		return nil
	})
	if err != nil {
		return listed{Error: err.Error()}, nil
	}
	return listed{OK: true, Target: &target, Signatures: signatures}, nil
}
