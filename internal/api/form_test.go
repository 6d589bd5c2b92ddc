package api

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestParseForm(t *testing.T) {
	var req SendFlowRequest
	err := ParseForm(&req, url.Values{
		"FlowId":                          {"  f1 "},
		"UserId":                          {""},
		"VerifyChannel":                   {"NONE", " "},
		"Deadline":                        {"1700000000"},
		"IsLastApprover":                  {"on"},
		"SignComponents[0].ComponentPosX": {"12.5"},
		"SignComponents[1].ComponentPage": {"2"},
		"SignComponents[1]":               {""},
		"Caller.ApplicationId":            {"stolen"},
		"Caller":                          {"stolen"},
		"caller.OperatorId":               {"stolen"},
		"broken[":                         {"x"},
		"broken]":                         {"x"},
		"SignComponents[99999].FileIndex": {"1"},
		"SmsTemplate.TemplateId":          {"t"},
		"SmsTemplate.Sign":                {""},
		"csrf":                            {"ignored"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := SendFlowRequest{FlowId: "f1", VerifyChannel: []string{"NONE"}, Deadline: 1700000000, IsLastApprover: true,
		SignComponents: []Component{{ComponentPosX: 12.5}, {ComponentPage: 2}}, SmsTemplate: &SmsTemplate{TemplateId: "t"}}
	if !reflect.DeepEqual(req, want) {
		t.Errorf("got  %+v\nwant %+v", req, want)
	}
}

func TestParseFormLeavesTheCallersFieldsAlone(t *testing.T) {
	req := CreateSealRequest{Caller: Caller{OperatorId: "me"}, SourceIp: "10.0.0.1"}
	if err := ParseForm(&req, url.Values{"SourceIp": {"1.1.1.1"}, "Caller.OperatorId": {"you"}, "SealName": {"印章"}}); err != nil {
		t.Fatal(err)
	}
	if req.SourceIp != "10.0.0.1" || req.Caller.OperatorId != "me" || req.SealName != "印章" {
		t.Errorf("got %+v", req)
	}
	for _, a := range all {
		if f, ok := a.req.FieldByName("SourceIp"); ok && f.Tag.Get("form") != "-" {
			t.Errorf("%s takes SourceIp from a form", a.name)
		}
		if f, ok := a.req.FieldByName("Caller"); !ok || f.Tag.Get("form") != "-" {
			t.Errorf("%s takes Caller from a form", a.name)
		}
	}
}

func TestParseFormNamesTheWrongFields(t *testing.T) {
	var req SendFlowRequest
	err := ParseForm(&req, url.Values{"Deadline": {"tomorrow"}, "CanOffLine": {"perhaps"}, "SignComponents[0].ComponentPosX": {"left"}})
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	want := []FieldError{{"CanOffLine", "boolean", ""}, {"Deadline", "number", ""}, {"SignComponents[0].ComponentPosX", "number", ""}}
	if !reflect.DeepEqual(invalid.Fields, want) {
		t.Errorf("got %+v", invalid.Fields)
	}
}

func TestParseFormWithoutAnAddressLeavesItAbsent(t *testing.T) {
	var req CreateSubOrganizationRequest
	if err := ParseForm(&req, url.Values{"Name": {"甲"}, "ContactAddress.City": {" "}}); err != nil {
		t.Fatal(err)
	}
	if req.ContactAddress != nil {
		t.Errorf("an empty address came as %+v", req.ContactAddress)
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add("FlowId=a&SignComponents[0].ComponentPage=1")
	f.Add("SignComponents[0=1&]a[=2&a[0]]=3&SignComponents[500].FileIndex=1")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var req SendFlowRequest
		if err := ParseForm(&req, values); err == nil && (req.Caller != Caller{} || len(req.SignComponents) > maxFormItems+1) {
			t.Fatalf("%q gives %+v", query, req)
		}
		var wire SendFlowRequest
		_ = DecodeQuery(values, &wire)
	})
}

func TestDecodeJSON(t *testing.T) {
	tests := []struct{ name, body, says string }{
		{"unknown fields", `{"FlowId":"f","Nope":{"a":[1]}}`, ""},
		{"nothing", ` `, ""},
		{"null and empty", `{"FlowId":"","VerifyChannel":null,"SmsTemplate":null}`, ""},
		{"a number for a text", `{"FlowId":1}`, "FlowId"},
		{"deep inside", `{"SignComponents":[{"ComponentPage":"one"}]}`, "SignComponents.ComponentPage must be of type integer, not string"},
		{"a text for a list", `{"VerifyChannel":"NONE"}`, "VerifyChannel must be of type array"},
		{"a fraction for an integer", `{"Deadline":1.5}`, "Deadline"},
		{"an object for a flag", `{"CanOffLine":{}}`, "CanOffLine must be of type bool"},
		{"a list at the top", `[]`, "not a JSON object"},
		{"cut off", `{"FlowId":"f`, "not a JSON object"},
		{"two values", `{} {}`, "more than one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeJSON([]byte(tt.body), &SendFlowRequest{})
			if tt.says == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || err.Code != CodeInvalidParameter || !strings.Contains(err.Message, tt.says) {
				t.Errorf("got %v, want InvalidParameter with %q", err, tt.says)
			}
		})
	}
}

func TestDecodeQuery(t *testing.T) {
	values, err := url.ParseQuery("Caller.ApplicationId=app&FileIds.0=a&FileIds.1=b&FlowInfo.FlowName=n&FlowInfo.Deadline=17")
	if err != nil {
		t.Fatal(err)
	}
	var req CreateFlowByFilesRequest
	if err := DecodeQuery(values, &req); err != nil {
		t.Fatal(err)
	}
	want := CreateFlowByFilesRequest{Caller: Caller{ApplicationId: "app"}, FileIds: []string{"a", "b"}, FlowInfo: FlowInfo{FlowName: "n", Deadline: 17}}
	if !reflect.DeepEqual(req, want) {
		t.Errorf("got %+v", req)
	}
	if err := DecodeQuery(url.Values{"FlowInfo.Deadline": {"x"}}, &req); err == nil || err.Code != CodeInvalidParameter {
		t.Errorf("got %v", err)
	}
}

func TestEncodeResponse(t *testing.T) {
	data, err := EncodeResponse(&DescribeCatalogApproversResponse{Approvers: []CatalogApprovers{{FlowId: "f", Approvers: []FlowApproverInfo{{UserId: "u"}}}}}, "s9")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{`{"Response":{"Approvers":[{"FlowId":"f"`, `"VerifyChannel":[]`, `"ComponentSeals":[]`, `"SmsTemplate":null`, `"RequestId":"s9"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	var back DescribeCatalogApproversResponse
	if err := decodeResponse(data, &back); err != nil || back.Approvers[0].Approvers[0].UserId != "u" {
		t.Errorf("reads back as %+v, %v", back, err)
	}
	refusal := decodeResponse(EncodeError(&Error{"ResourceNotFound", "gone", "s8"}), &back)
	if !reflect.DeepEqual(refusal, &Error{"ResourceNotFound", "gone", "s8"}) {
		t.Errorf("the refusal reads back as %v", refusal)
	}
}
