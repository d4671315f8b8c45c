// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"path/filepath"
	"sync"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
)

// openVerifier reads policy and trust store of a Notation configuration directory.
func openVerifier(configDir string) (notation.Verifier, error) {
	dir.UserConfigDir = filepath.Clean(configDir)
	policy, err := trustpolicy.LoadDocument()
	if err != nil {
		return nil, err
	}
	store := &loadedTrustStore{
		X509TrustStore: truststore.NewX509TrustStore(dir.ConfigFS()),
		certificates:   map[string][]*x509.Certificate{},
	}
	return verifier.New(policy, store, nil)
}

// loadedTrustStore reads each named store once: notation-go's own reads the
// directory again for every signature.
type loadedTrustStore struct {
	truststore.X509TrustStore
	mutex        sync.Mutex
	certificates map[string][]*x509.Certificate
}

func (s *loadedTrustStore) GetCertificates(ctx context.Context, storeType truststore.Type, name string) ([]*x509.Certificate, error) {
	key := string(storeType) + ":" + name
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if found, loaded := s.certificates[key]; loaded {
		return found, nil
	}
	found, err := s.X509TrustStore.GetCertificates(ctx, storeType, name)
	if err == nil {
		s.certificates[key] = found
	}
	return found, err
}
