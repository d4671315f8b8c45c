// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/signer"
)

// prepareSign reads key and chain; what is timed is notation-go's
// GenericSigner.Sign, which makes the envelope, checks the chain and verifies
// the envelope before returning it, but asks no trust policy.
func prepareSign(folder string) (func() error, error) {
	envelope, target, err := readFixture(folder)
	if err != nil {
		return nil, err
	}
	signer, err := signer.NewGenericSignerFromFiles(filepath.Join(folder, "key.pem"), filepath.Join(folder, "chain.pem"))
	if err != nil {
		return nil, err
	}
	options := notation.SignerSignOptions{SignatureMediaType: mediaTypeOf(envelope)}
	return func() error {
		_, _, err := signer.Sign(context.Background(), target, options)
		return err
	}, nil
}
