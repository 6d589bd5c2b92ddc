package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"regexp"
)

// DecodeJSON reads the body of a POST into req. Unknown fields are ignored, as the cloud does; an empty body is an empty request. A
// value of the wrong type is an InvalidParameter that names the field.
func DecodeJSON(body []byte, req any) *Error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	err := d.Decode(req)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return NewError(CodeInvalidParameter, "The body holds more than one JSON value.")
		}
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return NewError(CodeInvalidParameter, "The parameter %s must be of type %s, not %s.", wrong.Field, typeName(wrong.Type), wrong.Value)
	}
	return NewError(CodeInvalidParameter, "The body is not a JSON object.")
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "float"
	case reflect.Struct, reflect.Pointer:
		return "object"
	case reflect.Slice:
		return "array"
	default:
		return t.Kind().String()
	}
}

var (
	listIndex  = regexp.MustCompile(`\.(\d{1,4})(\.|$)`)
	queryIndex = "[$1]$2"
)

// DecodeQuery reads a request flattened into a query or a form body, as the SDKs send it by GET: Caller.ApplicationId, FileIds.0,
// SignComponents.0.ComponentPosX.
func DecodeQuery(values url.Values, req any) *Error {
	bracketed := make(url.Values, len(values))
	for name, list := range values {
		bracketed[listIndex.ReplaceAllString(name, queryIndex)] = list
	}
	err := decodeForm(queryDecoder(), req, bracketed)
	var invalid *ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return NewError(CodeInvalidParameter, "The parameter %s is not a %s.", invalid.Fields[0].Field, invalid.Fields[0].Rule)
	default:
		return NewError(CodeInvalidParameter, "The parameters cannot be read.")
	}
}

// envelope is the outermost object of every answer.
type envelope[T any] struct{ Response T }

type wireError struct {
	Error     struct{ Code, Message string }
	RequestId string
}

// EncodeResponse writes an answer in its envelope, with the request's id put in. Lists that are nil become empty ones: the SDKs of
// some languages do not expect null.
func EncodeResponse(resp any, requestID string) ([]byte, error) {
	v := reflect.ValueOf(resp)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	clone := reflect.New(v.Type()).Elem()
	clone.Set(v)
	if id := clone.FieldByName("RequestId"); id.IsValid() {
		id.SetString(requestID)
	}
	fillLists(clone)
	data, err := json.Marshal(envelope[any]{clone.Interface()})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", v.Type().Name(), err)
	}
	return data, nil
}

// EncodeError writes a refusal in its envelope.
func EncodeError(e *Error) []byte {
	var w wireError
	w.Error.Code, w.Error.Message, w.RequestId = e.Code, e.Message, e.RequestID
	data, err := json.Marshal(envelope[wireError]{w})
	if err != nil { // strings only: cannot happen
		panic(err)
	}
	return data
}

// fillLists replaces nil slices in a struct by empty ones, in depth. Slices of the original are replaced, never written into.
func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillLists(v.Field(i))
		}
	case reflect.Slice:
		filled := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(filled, v)
		for i := range filled.Len() {
			fillLists(filled.Index(i))
		}
		v.Set(filled)
	}
}

// decodeResponse opens the envelope: into resp, or as the Error that it holds.
func decodeResponse(data []byte, resp any) error {
	var outer envelope[json.RawMessage]
	if err := json.Unmarshal(data, &outer); err != nil {
		return fmt.Errorf("read the envelope: %w", err)
	}
	if len(outer.Response) == 0 {
		return errors.New("read the envelope: no Response")
	}
	var refusal struct {
		Error     *struct{ Code, Message string }
		RequestId string
	}
	if err := json.Unmarshal(outer.Response, &refusal); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if refusal.Error != nil {
		return &Error{Code: refusal.Error.Code, Message: refusal.Error.Message, RequestID: refusal.RequestId}
	}
	if err := json.Unmarshal(outer.Response, resp); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// CallerOf returns the Caller inside a request (a pointer to one of the request structs), and nil for anything else.
func CallerOf(req any) *Caller {
	caller, _ := field[Caller](req, "Caller")
	return caller
}

// field returns a pointer to the named field of the struct that s points to.
func field[T any](s any, name string) (*T, bool) {
	v := reflect.ValueOf(s)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	f := v.Elem().FieldByName(name)
	if !f.IsValid() {
		return nil, false
	}
	p, ok := f.Addr().Interface().(*T)
	return p, ok
}
