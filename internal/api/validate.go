package api

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// FieldError is one rule that a field breaks. Field is its path on the wire, such as "SignComponents[0].ComponentPage". Rule is one of
//
//	required   the field is absent or empty
//	oneof      the value is none of those in Param, which are separated by spaces
//	max        a text has more than Param characters
//	max_items  a list has more than Param entries; min_items: fewer
//	same_items a list has another number of entries than the list that Param names
//	number     (forms only) the value is not a number; boolean: not a yes or no
type FieldError struct{ Field, Rule, Param string }

// ValidationError lists all rules that a request breaks, in the order of its fields.
type ValidationError struct{ Fields []FieldError }

// Error names the first field, and how many more there are.
func (e *ValidationError) Error() string {
	if len(e.Fields) == 0 {
		return "invalid request"
	}
	f := e.Fields[0]
	text := f.Field + ": " + f.Rule
	if f.Param != "" {
		text += " " + f.Param
	}
	if more := len(e.Fields) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// For returns the first rule broken by the field of that path, for a form to show beside it.
func (e *ValidationError) For(field string) (FieldError, bool) {
	if e == nil {
		return FieldError{}, false
	}
	for _, f := range e.Fields {
		if f.Field == field {
			return f, true
		}
	}
	return FieldError{}, false
}

// ErrorFor turns a ValidationError into the answer of the platform: the code that the action declares for the first broken rule, and
// a message that names the field. Other errors give nil.
func ErrorFor(action string, err error) *Error {
	var invalid *ValidationError
	if !errors.As(err, &invalid) || len(invalid.Fields) == 0 {
		return nil
	}
	f := invalid.Fields[0]
	if f.Rule == "required" {
		code := DeclaredOr(action, CodeMissingParameter, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter)
		return NewError(code, "The parameter %s is missing.", f.Field)
	}
	code := DeclaredOr(action, CodeInvalidParameterValue, CodeInvalidParameter, CodeInvalidParameterValue)
	return NewError(code, "The value of the parameter %s is not allowed (%s %s).", f.Field, f.Rule, f.Param)
}

// Validate holds a request against the documented rules of its action and returns a *ValidationError, or nil.
func Validate(req any) error {
	err := rules().Struct(req)
	if err == nil {
		return nil
	}
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) {
		return fmt.Errorf("validate %T: %w", req, err)
	}
	invalid := &ValidationError{}
	for _, b := range broken {
		invalid.Fields = append(invalid.Fields, fieldError(b))
	}
	return invalid
}

func fieldError(b validator.FieldError) FieldError {
	_, path, _ := strings.Cut(b.Namespace(), ".")
	f := FieldError{Field: path, Rule: b.ActualTag(), Param: b.Param()}
	list := b.Kind() == reflect.Slice
	switch {
	case strings.HasPrefix(f.Rule, "required"), f.Rule == "min" && !list:
		f.Rule, f.Param = "required", ""
	case f.Rule == "min":
		f.Rule = "min_items"
	case f.Rule == "max" && list:
		f.Rule = "max_items"
	case f.Rule == "oneofci":
		f.Rule = "oneof"
	}
	return f
}

// rules is the validator, made once. The rules that need more than one field stand in crossRules, all others in the tags.
var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New()
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	v.RegisterAlias("idcardtype", "oneof="+strings.Join(IDCardTypes(), " "))
	v.RegisterStructValidation(crossRules,
		ModifySubOrganizationInfoRequest{}, VerifySubOrganizationRequest{}, UploadFilesRequest{})
	return v
})

// crossRules are the documented rules between fields.
func crossRules(sl validator.StructLevel) {
	switch r := sl.Current().Interface().(type) {
	case ModifySubOrganizationInfoRequest:
		requireOrganization(sl, r.Caller, r.OpenId)
	case VerifySubOrganizationRequest:
		requireOrganization(sl, r.Caller, r.OpenId)
	case UploadFilesRequest:
		files := max(len(r.FileInfos), len(r.FileUrls))
		if len(r.CustomIds) > 0 && len(r.CustomIds) != files {
			sl.ReportError(r.CustomIds, "CustomIds", "CustomIds", "same_items", "FileInfos")
		}
	}
}

// requireOrganization: the sub-organisation is named by the caller or by its OpenId; the caller wins (essbasic,
// ModifySubOrganizationInfo, VerifySubOrganization).
func requireOrganization(sl validator.StructLevel, caller Caller, openID string) {
	if caller.SubOrganizationId == "" && openID == "" {
		sl.ReportError(openID, "OpenId", "OpenId", "required", "")
	}
}
