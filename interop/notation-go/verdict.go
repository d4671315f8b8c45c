// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// verdict is the answer to a verification. FailedChecks lists the validation
// types that failed, enforced or only logged: those of the signature that
// counted, or the union over all that were tried.
type verdict struct {
	OK           bool              `json:"ok"`
	FailedChecks []string          `json:"failedChecks"`
	Level        string            `json:"level,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	Error        string            `json:"error,omitempty"`
}

func refused(err error, outcomes ...*notation.VerificationOutcome) verdict {
	return verdict{FailedChecks: failedChecks(outcomes), Error: err.Error()}
}

func accepted(outcome *notation.VerificationOutcome) verdict {
	answer := verdict{OK: true, FailedChecks: failedChecks([]*notation.VerificationOutcome{outcome})}
	if outcome.VerificationLevel != nil {
		answer.Level = outcome.VerificationLevel.Name
	}
	if outcome.EnvelopeContent != nil {
		answer.Annotations, _ = outcome.UserMetadata()
	}
	return answer
}

func failedChecks(outcomes []*notation.VerificationOutcome) []string {
	failed := []string{}
	for _, outcome := range outcomes {
		if outcome == nil {
			continue
		}
		for _, result := range outcome.VerificationResults {
			if result.Error != nil {
				failed = append(failed, string(result.Type))
			}
		}
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}

// recorder keeps the outcome of every signature tried: notation.Verify itself
// returns none when all of them fail.
type recorder struct {
	notation.Verifier
	tried []*notation.VerificationOutcome
}

func (r *recorder) Verify(ctx context.Context, target ocispec.Descriptor, envelope []byte, options notation.VerifierVerifyOptions) (*notation.VerificationOutcome, error) {
	outcome, err := r.Verifier.Verify(ctx, target, envelope, options)
	r.tried = append(r.tried, outcome)
	return outcome, err
}

// SkipVerify passes on an optional ability that embedding the interface hides.
func (r *recorder) SkipVerify(ctx context.Context, options notation.VerifierVerifyOptions) (bool, *trustpolicy.VerificationLevel, error) {
	return r.Verifier.(interface {
		SkipVerify(context.Context, notation.VerifierVerifyOptions) (bool, *trustpolicy.VerificationLevel, error)
	}).SkipVerify(ctx, options)
}
