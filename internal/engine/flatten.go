package engine

import (
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
)

// maxFlattened bounds the index of a flattened array: no list of the API is longer than 100.
const maxFlattened = 1000

// unflatten fills a request from a GET's parameters: Caller.ApplicationId, FileIds.0, SignComponents.0.ComponentPosX.
// Empty values count as absent; names that the request does not have are ignored.
func unflatten(values url.Values, req any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) { // so that always the same parameter is told
		list := values[name]
		if len(list) == 0 || list[0] == "" {
			continue
		}
		if err := setPath(reflect.ValueOf(req).Elem(), name, strings.Split(name, "."), list[0]); err != nil {
			return err
		}
	}
	return nil
}

// setPath walks one flattened name down to its field and sets it.
func setPath(v reflect.Value, name string, path []string, text string) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return setPath(v.Elem(), name, path, text)
	case reflect.Struct:
		if len(path) == 0 {
			return fail(api.CodeInvalidParameter, "parameter %s must be an object", name)
		}
		field := v.FieldByName(path[0])
		if !field.IsValid() {
			return nil
		}
		return setPath(field, name, path[1:], text)
	case reflect.Slice:
		if len(path) == 0 {
			return fail(api.CodeInvalidParameter, "parameter %s must be an array", name)
		}
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= maxFlattened {
			return fail(api.CodeInvalidParameter, "parameter %s has a bad index", name)
		}
		for v.Len() <= i {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		return setPath(v.Index(i), name, path[1:], text)
	default:
		if len(path) > 0 {
			return fail(api.CodeInvalidParameter, "parameter %s must not be an object", name)
		}
		return setScalar(v, name, text)
	}
}

// setScalar parses one value. Python's SDK writes booleans as True and False.
func setScalar(v reflect.Value, name, text string) error {
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(strings.ToLower(text))
		v.SetBool(b)
	case reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	case reflect.Float64:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); math.IsNaN(f) || math.IsInf(f, 0) {
			err = strconv.ErrRange // JSON has no such numbers either
		}
		v.SetFloat(f)
	}
	if err != nil {
		return fail(api.CodeInvalidParameter, "parameter %s must be a %s", name, v.Kind())
	}
	return nil
}
