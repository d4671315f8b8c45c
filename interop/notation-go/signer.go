// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/signer"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const payloadMediaType = "application/vnd.cncf.notary.payload.v1+json"

// openSigner uses notation-go's own signer where it can do what is asked, and
// notation-core-go directly for the other scheme, attributes and chosen times.
func openSigner(options signOptions) (notation.Signer, error) {
	scheme := signature.SigningScheme(options.Scheme)
	if scheme == "" {
		scheme = signature.SigningSchemeX509
	}
	if scheme == signature.SigningSchemeX509 && len(options.Attributes) == 0 && options.SigningTime == nil {
		return signer.NewGenericSignerFromFiles(options.KeyPath, options.ChainPath)
	}
	local, err := openLocalSigner(options.KeyPath, options.ChainPath)
	if err != nil {
		return nil, err
	}
	attributes, err := coreAttributes(options.Attributes, options.Format)
	if err != nil {
		return nil, err
	}
	signingTime := time.Now()
	if options.SigningTime != nil {
		signingTime = *options.SigningTime
	}
	return &coreSigner{local: local, scheme: scheme, attributes: attributes, signingTime: signingTime}, nil
}

func openLocalSigner(keyPath, chainPath string) (signature.LocalSigner, error) {
	pair, err := tls.LoadX509KeyPair(chainPath, keyPath)
	if err != nil {
		return nil, err
	}
	chain := make([]*x509.Certificate, len(pair.Certificate))
	for i, der := range pair.Certificate {
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return signature.NewLocalSigner(chain, pair.PrivateKey)
}

type coreSigner struct {
	local       signature.LocalSigner
	scheme      signature.SigningScheme
	attributes  []signature.Attribute
	signingTime time.Time
}

// Sign makes an envelope and, like the reference's signer, verifies it.
func (s *coreSigner) Sign(ctx context.Context, target ocispec.Descriptor, options notation.SignerSignOptions) ([]byte, *signature.SignerInfo, error) {
	payload, err := json.Marshal(map[string]any{"targetArtifact": ocispec.Descriptor{
		MediaType:   target.MediaType,
		Digest:      target.Digest,
		Size:        target.Size,
		Annotations: target.Annotations,
	}})
	if err != nil {
		return nil, nil, err
	}
	request := &signature.SignRequest{
		Payload:                  signature.Payload{ContentType: payloadMediaType, Content: payload},
		Signer:                   s.local,
		SigningTime:              s.signingTime,
		SigningScheme:            s.scheme,
		SigningAgent:             options.SigningAgent,
		ExtendedSignedAttributes: s.attributes,
	}
	if options.ExpiryDuration != 0 {
		request.Expiry = s.signingTime.Add(options.ExpiryDuration)
	}
	envelope, err := signature.NewEnvelope(options.SignatureMediaType)
	if err != nil {
		return nil, nil, err
	}
	bytes, err := envelope.Sign(request.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	content, err := envelope.Verify()
	if err != nil {
		return nil, nil, fmt.Errorf("generated signature failed verification: %w", err)
	}
	return bytes, &content.SignerInfo, nil
}
