// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ocisign.dev/interop/protocol"
)

type chainRequest struct {
	protocol.Head
	Algorithm string `json:"algorithm"`
	// Length is 1 (one self-signed certificate), 2 or 3.
	Length int    `json:"length"`
	OutDir string `json:"outDir"`
	// Odd breaks one rule of the certificate profile, see oddLeaf and oddOrder.
	Odd string `json:"odd"`
}

type chainAnswer struct {
	OK        bool   `json:"ok"`
	KeyPath   string `json:"keyPath"`
	ChainPath string `json:"chainPath"`
	RootPath  string `json:"rootPath"`
	LeafPath  string `json:"leafPath"`
}

// makeChain writes key.pem (PKCS#8), chain.pem (leaf first), leaf.pem and root.pem.
func makeChain(line []byte) (any, error) {
	var request chainRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	if request.Length < 1 || request.Length > 3 {
		return nil, errors.New("bad request: length must be 1, 2 or 3")
	}
	if request.OutDir == "" {
		return nil, errors.New("bad request: outDir is missing")
	}
	chain, key, err := issueChain(request)
	if err != nil {
		return nil, err
	}
	return writeChain(request.OutDir, oddOrder(chain, request.Odd), chain, key)
}

// issueChain returns the certificates in DER, leaf first, and the leaf's key.
func issueChain(request chainRequest) ([][]byte, crypto.Signer, error) {
	var chain [][]byte
	var issuer *x509.Certificate
	var issuerKey crypto.Signer
	for depth := request.Length - 1; depth >= 0; depth-- {
		key, err := generateKey(request.Algorithm)
		if err != nil {
			return nil, nil, err
		}
		template, err := certificateTemplate(depth, request)
		if err != nil {
			return nil, nil, err
		}
		if issuer == nil {
			issuer, issuerKey = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
		if err != nil {
			return nil, nil, err
		}
		if issuer, err = x509.ParseCertificate(der); err != nil {
			return nil, nil, err
		}
		issuerKey = key
		chain = slices.Insert(chain, 0, der)
	}
	return chain, issuerKey, nil
}

func certificateTemplate(depth int, request chainRequest) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	role := []string{"signer", "intermediate", "root"}[depth]
	if depth > 0 && depth == request.Length-1 {
		role = "root"
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			Country:      []string{"US"},
			Province:     []string{"WA"},
			Organization: []string{"ocisign interop"},
			CommonName:   fmt.Sprintf("%s %s", request.Algorithm, role),
		},
		NotBefore: now.AddDate(0, 0, -30),
		NotAfter:  now.AddDate(1, 0, 0),
	}
	if depth > 0 {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		template.BasicConstraintsValid = true
		template.IsCA = true
		template.NotBefore = now.AddDate(-1, 0, 0)
		template.NotAfter = now.AddDate(10, 0, 0)
		return template, nil
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	return template, oddLeaf(template, request.Odd)
}

func writeChain(folder string, order, chain [][]byte, key crypto.Signer) (any, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	answer := chainAnswer{
		OK:        true,
		KeyPath:   filepath.Join(folder, "key.pem"),
		ChainPath: filepath.Join(folder, "chain.pem"),
		RootPath:  filepath.Join(folder, "root.pem"),
		LeafPath:  filepath.Join(folder, "leaf.pem"),
	}
	files := map[string][]byte{
		answer.KeyPath:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyBytes}),
		answer.ChainPath: encodeCertificates(order...),
		answer.RootPath:  encodeCertificates(chain[len(chain)-1]),
		answer.LeafPath:  encodeCertificates(chain[0]),
	}
	for path, bytes := range files {
		if err := os.WriteFile(path, bytes, 0o600); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func encodeCertificates(chain ...[]byte) []byte {
	var bytes []byte
	for _, der := range chain {
		bytes = append(bytes, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return bytes
}
