// SPDX-License-Identifier: Apache-2.0

// Command notation-go-bench measures the Go reference implementation on one
// thread, one JSON request a line on stdin, one answer a line on stdout.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"ocisign.dev/interop/protocol"
)

type request struct {
	protocol.Head
	// Fixture is a folder with envelope, descriptor.json, config/, chain.pem and key.pem.
	Fixture string  `json:"fixture"`
	Seconds float64 `json:"seconds"`
}

type measured struct {
	Ops     int     `json:"ops"`
	Seconds float64 `json:"seconds"`
}

func main() {
	runtime.GOMAXPROCS(1)
	err := protocol.Serve(os.Stdin, os.Stdout, map[string]protocol.Handler{
		"verify":     measuring(prepareVerify),
		"sign":       measuring(prepareSign),
		"verifyTags": verifyTags,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measuring keeps what was prepared for each fixture, so that only the operation itself is timed.
func measuring(prepare func(folder string) (func() error, error)) protocol.Handler {
	prepared := map[string]func() error{}
	return func(line []byte) (any, error) {
		var request request
		if err := protocol.Decode(line, &request); err != nil {
			return nil, err
		}
		if request.Seconds <= 0 {
			return nil, errors.New("bad request: seconds must be positive")
		}
		operation, ready := prepared[request.Fixture]
		if !ready {
			var err error
			if operation, err = prepare(request.Fixture); err != nil {
				return nil, err
			}
			if err := operation(); err != nil {
				return nil, err
			}
			prepared[request.Fixture] = operation
		}
		return repeat(operation, time.Duration(request.Seconds*float64(time.Second)))
	}
}

func repeat(operation func() error, duration time.Duration) (measured, error) {
	start := time.Now()
	for ops := 1; ; ops++ {
		if err := operation(); err != nil {
			return measured{}, err
		}
		if elapsed := time.Since(start); elapsed >= duration {
			return measured{Ops: ops, Seconds: elapsed.Seconds()}, nil
		}
	}
}
