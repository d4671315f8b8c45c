// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ocisign.dev/interop/protocol"
)

type certifyRequest struct {
	protocol.Head
	// RequestPath is a file with a request for a certificate, PKCS #10 in PEM.
	RequestPath string `json:"requestPath"`
	OutDir      string `json:"outDir"`
}

type certified struct {
	OK                 bool     `json:"ok"`
	ChainPath          string   `json:"chainPath"`
	RootPath           string   `json:"rootPath"`
	Subject            string   `json:"subject"`
	SignatureAlgorithm string   `json:"signatureAlgorithm"`
	Extensions         []string `json:"extensions"`
	// PublicKey is that of the certificate, as Go writes it.
	PublicKey string `json:"publicKey"`
}

// certify issues a certificate for a request, once its signature is proven.
func certify(line []byte) (any, error) {
	var request certifyRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	wanted, err := readRequest(request.RequestPath)
	if err != nil {
		return nil, err
	}
	chain, err := issueFor(wanted)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	answer := certified{
		OK:                 true,
		ChainPath:          filepath.Join(request.OutDir, "chain.pem"),
		RootPath:           filepath.Join(request.OutDir, "root.pem"),
		Subject:            leaf.Subject.String(),
		SignatureAlgorithm: wanted.SignatureAlgorithm.String(),
		PublicKey:          string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
	}
	for _, extension := range wanted.Extensions {
		answer.Extensions = append(answer.Extensions, extension.Id.String())
	}
	if err := os.WriteFile(answer.ChainPath, encodeCertificates(chain...), 0o600); err != nil {
		return nil, err
	}
	return answer, os.WriteFile(answer.RootPath, encodeCertificates(chain[1]), 0o600)
}

func readRequest(path string) (*x509.CertificateRequest, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(bytes)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(rest) > 0 {
		return nil, errors.New("not one request for a certificate in PEM")
	}
	wanted, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	if err := wanted.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the request is not signed by its key: %w", err)
	}
	return wanted, nil
}

// issueFor returns a certificate for the key and the subject of a request, and its root, in DER.
func issueFor(wanted *x509.CertificateRequest) ([][]byte, error) {
	authority := chainRequest{Algorithm: "p384", Length: 2}
	key, err := generateKey(authority.Algorithm)
	if err != nil {
		return nil, err
	}
	template, err := certificateTemplate(1, authority)
	if err != nil {
		return nil, err
	}
	rootBytes, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(rootBytes)
	if err != nil {
		return nil, err
	}
	if template, err = certificateTemplate(0, authority); err != nil {
		return nil, err
	}
	template.RawSubject = wanted.RawSubject
	leaf, err := x509.CreateCertificate(rand.Reader, template, root, wanted.PublicKey, key)
	return [][]byte{leaf, rootBytes}, err
}
