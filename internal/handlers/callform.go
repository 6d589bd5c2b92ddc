package handlers

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/web/templates"
)

// callFields describes a request as the fields of a form, filled with what it holds. Caller and SourceIp are not among them: the first
// has fields of its own, the second is the server's to say.
func callFields(req any, wrong templates.Problems) []templates.CallField {
	return structFields(reflect.ValueOf(req).Elem(), "", wrong)
}

func structFields(v reflect.Value, prefix string, wrong templates.Problems) []templates.CallField {
	var fields []templates.CallField
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("form") == "-" {
			continue
		}
		fields = append(fields, callField(v.Field(i), name, prefix+name, f.Tag.Get("validate"), wrong))
	}
	return fields
}

// callField describes one field; what it may hold stands in its validation rules.
func callField(v reflect.Value, name, path, rules string, wrong templates.Problems) templates.CallField {
	all := strings.Split(rules, ",")
	f := templates.CallField{Name: name, Path: path, Required: slices.Contains(all, "required"), Kind: templates.CallText}
	for _, p := range wrong {
		if p.Field == path {
			f.Problem = p
		}
	}
	for _, rule := range all {
		switch key, param, _ := strings.Cut(rule, "="); key {
		case "oneof", "oneofci":
			f.Options = strings.Fields(param)
		case "idcardtype":
			f.Options = api.IDCardTypes()
		case "max":
			f.Max = param
		case "required_without", "required_if", "required_unless":
			f.Depends = strings.Fields(param)[0]
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		f.Kind = templates.CallStruct
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		f.Fields = structFields(v.Elem(), path+".", wrong)
		for i := range f.Fields { // needed only where any of them is there
			f.Fields[i].Required = f.Fields[i].Required && f.Required
		}
	case reflect.Struct:
		f.Kind = templates.CallStruct
		f.Fields = structFields(v, path+".", wrong)
	case reflect.Slice:
		listField(&f, v, wrong)
	case reflect.Bool:
		f.Kind, f.Checked = templates.CallBool, v.Bool()
	case reflect.String:
		f.Value = v.String()
	case reflect.Int64:
		f.Kind, f.Value = templates.CallNumber, numberText(v.IsZero(), strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		f.Kind, f.Value = templates.CallNumber, numberText(v.IsZero(), strconv.FormatFloat(v.Float(), 'f', -1, 64))
	}
	return f
}

// listField gives a list its entries; one of texts has a further empty one to type into.
func listField(f *templates.CallField, v reflect.Value, wrong templates.Problems) {
	if v.Type().Elem().Kind() != reflect.Struct {
		f.Kind = templates.CallTexts
		for i := range v.Len() {
			f.Values = append(f.Values, v.Index(i).String())
		}
		f.Values = append(f.Values, "")
		return
	}
	f.Kind = templates.CallList
	for i := range v.Len() {
		path := f.Path + "[" + strconv.Itoa(i) + "]"
		f.Items = append(f.Items, templates.CallItem{Path: path, Fields: structFields(v.Index(i), path+".", wrong)})
	}
}

func numberText(zero bool, text string) string {
	if zero {
		return ""
	}
	return text
}

// callPath is the place of a list, or of an entry, in a request: "Approvers", "Approvers[0].SignComponents[2]".
var callPath = regexp.MustCompile(`^[A-Za-z]\w*(\[\d{1,3}\])?(\.[A-Za-z]\w*(\[\d{1,3}\])?)*$`)

// growList adds an empty entry to the list at a path.
func growList(req any, path string) {
	if list, _, ok := listAt(reflect.ValueOf(req).Elem(), path); ok {
		list.Set(reflect.Append(list, reflect.New(list.Type().Elem()).Elem()))
	}
}

// shrinkList removes the entry at a path.
func shrinkList(req any, path string) {
	if list, at, ok := listAt(reflect.ValueOf(req).Elem(), path); ok && at >= 0 && at < list.Len() {
		list.Set(reflect.AppendSlice(list.Slice(0, at), list.Slice(at+1, list.Len())))
	}
}

// listAt finds the list that a path ends in, and the index behind it, -1 for none.
func listAt(v reflect.Value, path string) (list reflect.Value, at int, ok bool) {
	if !callPath.MatchString(path) {
		return v, 0, false
	}
	parts := strings.Split(path, ".")
	for i, part := range parts {
		name, index, indexed := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		if v = v.FieldByName(name); !v.IsValid() {
			return v, 0, false
		}
		at = -1
		if indexed {
			at, _ = strconv.Atoi(index) // the pattern lets digits through only
		}
		if i == len(parts)-1 {
			return v, at, v.Kind() == reflect.Slice
		}
		switch {
		case v.Kind() == reflect.Slice && at >= 0 && at < v.Len():
			v = v.Index(at)
		case v.Kind() == reflect.Pointer && !v.IsNil():
			v = v.Elem()
		case v.Kind() != reflect.Struct:
			return v, 0, false
		}
		if v.Kind() != reflect.Struct {
			return v, 0, false
		}
	}
	return v, 0, false
}
