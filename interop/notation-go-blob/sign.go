// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"time"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/signer"
	"ocisign.dev/interop/protocol"
)

type signBlobRequest struct {
	protocol.Head
	File          string            `json:"file"`
	Format        string            `json:"format"`
	KeyPath       string            `json:"keyPath"`
	ChainPath     string            `json:"chainPath"`
	MediaType     string            `json:"mediaType"`
	UserMetadata  map[string]string `json:"userMetadata"`
	ExpirySeconds int64             `json:"expirySeconds"`
	SignatureFile string            `json:"signatureFile"`
}

type signed struct {
	OK       bool   `json:"ok"`
	Envelope []byte `json:"envelope,omitempty"`
	Error    string `json:"error,omitempty"`
}

func signBlob(line []byte) (any, error) {
	var request signBlobRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	mediaType, err := envelopeMediaType(request.Format)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(request.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	signer, err := signer.NewGenericSignerFromFiles(request.KeyPath, request.ChainPath)
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	envelope, _, err := notation.SignBlob(context.Background(), signer, file, notation.SignBlobOptions{
		SignerSignOptions: notation.SignerSignOptions{
			SignatureMediaType: mediaType,
			ExpiryDuration:     time.Duration(request.ExpirySeconds) * time.Second,
		},
		ContentMediaType: request.MediaType,
		UserMetadata:     request.UserMetadata,
	})
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	if err := os.WriteFile(request.SignatureFile, envelope, 0o600); err != nil {
		return nil, err
	}
	return signed{OK: true, Envelope: envelope}, nil
}
