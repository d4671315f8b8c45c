// SPDX-License-Identifier: Apache-2.0

// Command notation-go judges and makes signatures with the Go reference
// implementation, one JSON request a line on stdin, one answer a line on stdout.
package main

import (
	"fmt"
	"os"

	"ocisign.dev/interop/protocol"
)

func main() {
	err := protocol.Serve(os.Stdin, os.Stdout, map[string]protocol.Handler{
		"list":           list,
		"verify":         verify,
		"verifyEnvelope": verifyEnvelope,
		"sign":           sign,
		"signEnvelope":   signEnvelope,
		"makeChain":      makeChain,
		"certify":        certify,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
