// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
)

var hashOf = map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 521: crypto.SHA512,
	2048: crypto.SHA256, 3072: crypto.SHA384, 4096: crypto.SHA512}

// signRaw signs as the specification has it: ECDSA as r‖s, RSA as PSS with a
// salt as long as the hash.
func signRaw(key crypto.PrivateKey, payload []byte, chain []*x509.Certificate) ([]byte, []*x509.Certificate, error) {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		bits := key.Curve.Params().BitSize
		hashed := sum(hashOf[bits], payload)
		if lies("der") {
			der, err := ecdsa.SignASN1(rand.Reader, key, hashed)
			return der, chain, err
		}
		r, s, err := ecdsa.Sign(rand.Reader, key, hashed)
		if err != nil {
			return nil, nil, err
		}
		width := (bits + 7) / 8
		raw := make([]byte, 2*width)
		r.FillBytes(raw[:width])
		s.FillBytes(raw[width:])
		return raw, chain, nil
	case *rsa.PrivateKey:
		hash := hashOf[key.Size()*8]
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		if lies("long-salt") {
			options.SaltLength = rsa.PSSSaltLengthAuto
		}
		raw, err := rsa.SignPSS(rand.Reader, key, hash, sum(hash, payload), options)
		return raw, chain, err
	}
	return nil, nil, errors.New("a key of a kind that is not known")
}

func sum(hash crypto.Hash, payload []byte) []byte {
	hasher := hash.New()
	hasher.Write(payload)
	return hasher.Sum(nil)
}
