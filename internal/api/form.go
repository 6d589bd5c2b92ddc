package api

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-playground/form/v4"
)

// maxFormItems bounds the index of a list in a form.
const maxFormItems = 500

// formKey is a name that a form may send: "Name", "Address.City", "Components[0].Page". The decoder panics on unbalanced brackets.
var formKey = regexp.MustCompile(`^[A-Za-z_]\w*(\[\d{1,4}\])?(\.[A-Za-z_]\w*(\[\d{1,4}\])?)*$`)

// ParseForm fills dst, a pointer to a request or another struct, from a form whose names are the json names. Values are trimmed, empty
// ones count as absent. Fields tagged form:"-" are never filled: who calls (Caller) and from where (SourceIp) is not a browser's to
// say. A value of the wrong type gives a *ValidationError with the rule "number" or "boolean".
func ParseForm(dst any, values url.Values) error {
	return decodeForm(formDecoder(), dst, values)
}

var formDecoder = sync.OnceValue(func() *form.Decoder {
	d := form.NewDecoder()
	d.RegisterTagNameFunc(func(f reflect.StructField) string {
		if f.Tag.Get("form") == "-" {
			return "-"
		}
		return f.Tag.Get("json")
	})
	d.SetMaxArraySize(maxFormItems)
	return d
})

// queryDecoder reads a request that came flattened into a query, Caller included.
var queryDecoder = sync.OnceValue(func() *form.Decoder {
	d := form.NewDecoder()
	d.SetTagName("json")
	d.SetMaxArraySize(maxFormItems)
	return d
})

func decodeForm(d *form.Decoder, dst any, values url.Values) error {
	clean := make(url.Values, len(values))
	for name, list := range values {
		if !formKey.MatchString(name) {
			continue
		}
		for _, value := range list {
			if value = strings.TrimSpace(value); value != "" {
				clean[name] = append(clean[name], value)
			}
		}
	}
	err := d.Decode(dst, clean)
	if err == nil {
		return nil
	}
	var broken form.DecodeErrors
	if !errors.As(err, &broken) {
		return fmt.Errorf("parse the form: %w", err)
	}
	invalid := &ValidationError{}
	for field, cause := range broken {
		rule := "number"
		if strings.Contains(cause.Error(), "Boolean") {
			rule = "boolean"
		}
		invalid.Fields = append(invalid.Fields, FieldError{Field: field, Rule: rule})
	}
	slices.SortFunc(invalid.Fields, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return invalid
}
