// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// prepareVerify reads policy, trust store, envelope and descriptor; what is
// timed is notation-go's Verifier.Verify alone.
func prepareVerify(folder string) (func() error, error) {
	dir.UserConfigDir = filepath.Join(folder, "config")
	policy, err := trustpolicy.LoadDocument()
	if err != nil {
		return nil, err
	}
	store := &loadedTrustStore{
		X509TrustStore: truststore.NewX509TrustStore(dir.ConfigFS()),
		certificates:   map[string][]*x509.Certificate{},
	}
	verifier, err := verifier.New(policy, store, nil)
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

// loadedTrustStore reads each named store once: notation-go's own reads the
// directory again for every signature.
type loadedTrustStore struct {
	truststore.X509TrustStore
	certificates map[string][]*x509.Certificate
}

func (s *loadedTrustStore) GetCertificates(ctx context.Context, storeType truststore.Type, name string) ([]*x509.Certificate, error) {
	key := string(storeType) + ":" + name
	if found, loaded := s.certificates[key]; loaded {
		return found, nil
	}
	found, err := s.X509TrustStore.GetCertificates(ctx, storeType, name)
	if err == nil {
		s.certificates[key] = found
	}
	return found, err
}
