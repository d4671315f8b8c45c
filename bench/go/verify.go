// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// prepareVerify reads policy, trust store, envelope and descriptor; what is
// timed is notation-go's Verifier.Verify alone.
func prepareVerify(folder string) (func() error, error) {
	verifier, err := openVerifier(filepath.Join(folder, "config"))
	if err != nil {
		return nil, err
	}
	envelope, target, err := readFixture(folder)
	if err != nil {
		return nil, err
	}
	options := notation.VerifierVerifyOptions{
		ArtifactReference:  "local/bench@" + target.Digest.String(),
		SignatureMediaType: mediaTypeOf(envelope),
	}
	return func() error {
		_, err := verifier.Verify(context.Background(), target, envelope, options)
		return err
	}, nil
}

func readFixture(folder string) ([]byte, ocispec.Descriptor, error) {
	var target ocispec.Descriptor
	envelope, err := os.ReadFile(filepath.Join(folder, "envelope"))
	if err != nil {
		return nil, target, err
	}
	bytes, err := os.ReadFile(filepath.Join(folder, "descriptor.json"))
	if err != nil {
		return nil, target, err
	}
	return envelope, target, json.Unmarshal(bytes, &target)
}

func mediaTypeOf(envelope []byte) string {
	if len(envelope) > 0 && envelope[0] == '{' {
		return jws.MediaTypeEnvelope
	}
	return cose.MediaTypeEnvelope
}
