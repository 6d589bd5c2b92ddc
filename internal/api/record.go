package api

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longText is the length from which a text masked as "long" is taken for a picture or other data and only counted.
const longText = 64

// MaskedJSON writes a request for the audit trail. A field's mask tag says how:
//
//	name    the first character stays:             张*
//	mobile  the first three and the last four:     150****0702
//	number  the first and the last:                4****************0
//	email   the first character and the domain:    t***@example.com
//	binary  the size only;  long: the size only where it is longer than 64 bytes
//	secret  nothing
//	url     the part before the query
func MaskedJSON(req any) json.RawMessage {
	data, err := json.Marshal(masked(reflect.ValueOf(req), ""))
	if err != nil { // maps of strings, numbers and booleans: cannot happen
		panic(err)
	}
	return data
}

// masked turns a value into what json writes, leaving out what is empty.
func masked(v reflect.Value, how string) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return masked(v.Elem(), how)
	case reflect.Struct:
		fields := make(map[string]any, v.NumField())
		for i := range v.NumField() {
			if f := v.Type().Field(i); !v.Field(i).IsZero() {
				fields[f.Name] = masked(v.Field(i), f.Tag.Get("mask"))
			}
		}
		return fields
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = masked(v.Index(i), how)
		}
		return list
	case reflect.String:
		return Mask(how, v.String())
	default:
		return v.Interface()
	}
}

// Mask hides a text in one of the ways that MaskedJSON lists; an empty way leaves it.
func Mask(how, text string) string {
	n := utf8.RuneCountInString(text)
	switch how {
	case "":
		return text
	case "name":
		return keep(text, 1, 0)
	case "mobile":
		if n < 8 {
			return keep(text, 0, 0)
		}
		return keep(text, 3, 4)
	case "number":
		if n < 3 {
			return keep(text, 0, 0)
		}
		return keep(text, 1, 1)
	case "email":
		name, domain, found := strings.Cut(text, "@")
		if !found {
			return keep(text, 0, 0)
		}
		return keep(name, 1, 0) + "@" + domain
	case "long":
		if len(text) <= longText {
			return text
		}
		return "(" + strconv.Itoa(len(text)) + " bytes)"
	case "binary":
		return "(" + strconv.Itoa(len(text)) + " bytes)"
	case "url":
		u, err := url.Parse(text)
		if err != nil {
			return "***"
		}
		return u.Scheme + "://" + u.Host + u.Path
	default:
		return "***"
	}
}

// keep leaves the first and last characters and turns the others into stars.
func keep(text string, head, tail int) string {
	runes := []rune(text)
	for i := range runes {
		if i >= head && i < len(runes)-tail {
			runes[i] = '*'
		}
	}
	return string(runes)
}

// objects tells what sort of thing an action is about, and which field of its request or answer names it.
var objects = []struct{ kind, actions, field string }{
	{"organization", "CreateSubOrganization CreateSubOrganizationAndSeal ModifySubOrganizationInfo VerifySubOrganization SetOrganizationMembers", "SubOrganizationId"},
	{"organization", "DescribeSubOrganizations", "SubOrganizationIds"},
	{"user", "CreateUser CreateUserAndSeal ModifyUser VerifyUser SetUserAccount", "UserId"},
	{"user", "DescribeUsers", "UserIds"},
	{"seal", "CreateSeal GenerateOrganizationSeal GenerateUserSeal ModifySeal DeleteSeal ModifyOrganizationDefaultSeal ModifyUserDefaultSeal SetSealUse", "SealId"},
	{"seal", "DescribeSeals", "SealIds"},
	{"file", "UploadFiles", "FileIds"},
	{"file", "DescribeFileIdsByCustomIds", "CustomIds"},
	{"file", "DescribeFileUrls", "BusinessIds"},
	{"flow", "CreateFlowByFiles SendFlow SendFlowUrl CancelFlow ArchiveFlow DestroyFlowFile DescribeFlow DescribeFlowApprovers DescribeFlowFiles " +
		"CreateSignUrl CreatePreviewSignUrl SignFlow RejectFlow CreateServerFlowSign SendSignInnerVerifyCode CheckVerifyCodeMatchFlowId", "FlowId"},
	{"flow", "DescribeCustomFlowIds", "CustomIds"},
	{"flow", "DescribeCustomFlowIdsByFlowId", "FlowIds"},
	{"catalog", "DescribeCatalogApprovers DescribeCatalogSignComponents", "CatalogId"},
}

// object returns what an action is about and its id, as far as the request (or the answer) names it. A list names its first.
func object(action string, message any) (kind, id string) {
	for _, o := range objects {
		for name := range strings.FieldsSeq(o.actions) {
			if name != action {
				continue
			}
			if one, ok := field[string](message, o.field); ok {
				return o.kind, *one
			}
			if list, ok := field[[]string](message, o.field); ok && len(*list) > 0 {
				return o.kind, (*list)[0]
			}
			if caller := CallerOf(message); caller != nil && o.kind == "organization" {
				return o.kind, caller.SubOrganizationId
			}
			return o.kind, ""
		}
	}
	return "identity", ""
}
