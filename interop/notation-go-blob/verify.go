// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"ocisign.dev/interop/protocol"
)

type verifyBlobRequest struct {
	protocol.Head
	File          string `json:"file"`
	SignatureFile string `json:"signatureFile"`
	// Format is guessed from the signature file's name when absent, as notation does.
	Format string `json:"format"`
	// MediaType, when given, must be the signed one.
	MediaType string `json:"mediaType"`
	ConfigDir string `json:"configDir"`
	// PolicyName is empty for the global policy.
	PolicyName   string            `json:"policyName"`
	UserMetadata map[string]string `json:"userMetadata"`
}

type verdict struct {
	OK           bool     `json:"ok"`
	FailedChecks []string `json:"failedChecks"`
	Level        string   `json:"level,omitempty"`
	Error        string   `json:"error,omitempty"`
}

func verifyBlob(line []byte) (any, error) {
	var request verifyBlobRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	if request.ConfigDir == "" {
		return nil, errors.New("bad request: configDir is missing")
	}
	configDir, err := filepath.Abs(request.ConfigDir)
	if err != nil {
		return nil, err
	}
	mediaType, err := envelopeMediaType(formatOf(request))
	if err != nil {
		return nil, err
	}
	envelope, err := os.ReadFile(request.SignatureFile)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(request.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	dir.UserConfigDir = configDir
	dir.UserLibexecDir = configDir
	verifier, err := verifier.NewBlobVerifierFromConfig()
	if err != nil {
		return verdict{FailedChecks: []string{}, Error: err.Error()}, nil
	}
	recorder := &recorder{BlobVerifier: verifier}
	_, _, err = notation.VerifyBlob(context.Background(), recorder, file, envelope, notation.VerifyBlobOptions{
		BlobVerifierVerifyOptions: notation.BlobVerifierVerifyOptions{
			SignatureMediaType: mediaType,
			UserMetadata:       request.UserMetadata,
			TrustPolicyName:    request.PolicyName,
		},
		ContentMediaType: request.MediaType,
	})
	answer := verdict{OK: err == nil || errors.Is(err, errSkipped), FailedChecks: recorder.failedChecks()}
	if recorder.outcome != nil && recorder.outcome.VerificationLevel != nil {
		answer.Level = recorder.outcome.VerificationLevel.Name
	}
	if !answer.OK {
		answer.Error = err.Error()
	}
	return answer, nil
}

func formatOf(request verifyBlobRequest) string {
	if request.Format != "" {
		return request.Format
	}
	parts := strings.Split(filepath.Base(request.SignatureFile), ".")
	if len(parts) < 3 || parts[len(parts)-1] != "sig" {
		return ""
	}
	return parts[len(parts)-2]
}

// recorder keeps the outcome, which notation.VerifyBlob drops when it refuses.
type recorder struct {
	notation.BlobVerifier
	outcome *notation.VerificationOutcome
}

var errSkipped = errors.New("the policy's level is skip")

func (r *recorder) VerifyBlob(ctx context.Context, describe notation.BlobDescriptorGenerator, signature []byte, options notation.BlobVerifierVerifyOptions) (*notation.VerificationOutcome, error) {
	outcome, err := r.BlobVerifier.VerifyBlob(ctx, describe, signature, options)
	r.outcome = outcome
	if err == nil && outcome.VerificationLevel.Name == trustpolicy.LevelSkip.Name {
		// notation.VerifyBlob would go on to read the envelope's content, which skip leaves nil.
		return outcome, errSkipped
	}
	return outcome, err
}

func (r *recorder) failedChecks() []string {
	failed := []string{}
	if r.outcome != nil {
		for _, result := range r.outcome.VerificationResults {
			if result.Error != nil {
				failed = append(failed, string(result.Type))
			}
		}
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}
