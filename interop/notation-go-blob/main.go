// SPDX-License-Identifier: Apache-2.0

// Command notation-go-blob signs and verifies blobs with the Go reference
// implementation, one JSON request a line on stdin, one answer a line on stdout.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"ocisign.dev/interop/protocol"
)

func main() {
	err := protocol.Serve(os.Stdin, os.Stdout, map[string]protocol.Handler{
		"signBlob":   signBlob,
		"verifyBlob": verifyBlob,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func envelopeMediaType(format string) (string, error) {
	switch format {
	case "jws":
		return jws.MediaTypeEnvelope, nil
	case "cose":
		return cose.MediaTypeEnvelope, nil
	default:
		return "", errors.New(`bad request: format must be "jws" or "cose"`)
	}
}
