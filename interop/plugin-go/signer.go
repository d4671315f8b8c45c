// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/x509"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

func specOf(kind signature.KeyType, size int) signature.KeySpec {
	return signature.KeySpec{Type: kind, Size: size}
}

var keySpecs = map[signature.KeySpec]plugin.KeySpec{
	specOf(signature.KeyTypeEC, 256):   plugin.KeySpecEC256,
	specOf(signature.KeyTypeEC, 384):   plugin.KeySpecEC384,
	specOf(signature.KeyTypeEC, 521):   plugin.KeySpecEC521,
	specOf(signature.KeyTypeRSA, 2048): plugin.KeySpecRSA2048,
	specOf(signature.KeyTypeRSA, 3072): plugin.KeySpecRSA3072,
	specOf(signature.KeyTypeRSA, 4096): plugin.KeySpecRSA4096,
}

var hashes = map[signature.KeySpec]plugin.HashAlgorithm{
	specOf(signature.KeyTypeEC, 256):   plugin.HashAlgorithmSHA256,
	specOf(signature.KeyTypeEC, 384):   plugin.HashAlgorithmSHA384,
	specOf(signature.KeyTypeEC, 521):   plugin.HashAlgorithmSHA512,
	specOf(signature.KeyTypeRSA, 2048): plugin.HashAlgorithmSHA256,
	specOf(signature.KeyTypeRSA, 3072): plugin.HashAlgorithmSHA384,
	specOf(signature.KeyTypeRSA, 4096): plugin.HashAlgorithmSHA512,
}

var algorithms = map[signature.KeySpec]plugin.SignatureAlgorithm{
	specOf(signature.KeyTypeEC, 256):   plugin.SignatureAlgorithmECDSA_SHA256,
	specOf(signature.KeyTypeEC, 384):   plugin.SignatureAlgorithmECDSA_SHA384,
	specOf(signature.KeyTypeEC, 521):   plugin.SignatureAlgorithmECDSA_SHA512,
	specOf(signature.KeyTypeRSA, 2048): plugin.SignatureAlgorithmRSASSA_PSS_SHA256,
	specOf(signature.KeyTypeRSA, 3072): plugin.SignatureAlgorithmRSASSA_PSS_SHA384,
	specOf(signature.KeyTypeRSA, 4096): plugin.SignatureAlgorithmRSASSA_PSS_SHA512,
}

// fileSigner signs with a key, whatever certificates it says are the key's.
type fileSigner struct {
	chain []*x509.Certificate
	key   crypto.PrivateKey
}

func (s *fileSigner) PrivateKey() crypto.PrivateKey { return s.key }

func (s *fileSigner) CertificateChain() ([]*x509.Certificate, error) { return s.chain, nil }

func (s *fileSigner) KeySpec() (signature.KeySpec, error) {
	return signature.ExtractKeySpec(s.chain[0])
}

func (s *fileSigner) Sign(payload []byte) ([]byte, []*x509.Certificate, error) {
	return signRaw(s.key, payload, s.chain)
}
