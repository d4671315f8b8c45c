// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	"github.com/notaryproject/notation-core-go/signature"
)

// attribute is an extended signed attribute; keys may be numbers in COSE.
type attribute struct {
	Key      any  `json:"key"`
	Value    any  `json:"value"`
	Critical bool `json:"critical"`
}

func coreAttributes(attributes []attribute, format string) ([]signature.Attribute, error) {
	var result []signature.Attribute
	for _, each := range attributes {
		key, err := plain(each.Key)
		if err != nil {
			return nil, err
		}
		value := each.Value
		if format == "cose" {
			if value, err = plain(value); err != nil {
				return nil, err
			}
		}
		result = append(result, signature.Attribute{Key: key, Value: value, Critical: each.Critical})
	}
	return result, nil
}

// plain turns JSON's numbers, kept as text until here, into the integers that CBOR writes.
func plain(value any) (any, error) {
	number, ok := value.(json.Number)
	if !ok {
		return value, nil
	}
	integer, err := number.Int64()
	if err != nil {
		return nil, fmt.Errorf("bad request: %q is not an integer", number)
	}
	return integer, nil
}
