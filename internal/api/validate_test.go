package api

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

var app = Caller{ApplicationId: "app"}

func TestValidate(t *testing.T) {
	tests := []struct {
		name string
		req  any
		want []FieldError
	}{
		{"a good one", &ArchiveFlowRequest{Caller: app, FlowId: "f"}, nil},
		{"nobody calls", &ArchiveFlowRequest{FlowId: "f"}, []FieldError{{"Caller.ApplicationId", "required", ""}}},
		{"all missing", &CreateSealRequest{Caller: app}, []FieldError{{"SealType", "required", ""}, {"SealName", "required", ""},
			{"SourceIp", "required", ""}, {"Image", "required", ""}}},
		{"a file is as good as a picture", &CreateSealRequest{Caller: app, SealType: SealTypeOther, SealName: "n", SourceIp: "i", FileId: "f"}, nil},
		{"no such kind", &GenerateOrganizationSealRequest{Caller: app, SealType: SealTypePersonal, SourceIp: "i"},
			[]FieldError{{"SealType", "oneof", "OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"}}},
		{"eight characters", &GenerateOrganizationSealRequest{Caller: app, SealType: SealTypeOther, SourceIp: "i", SealHorizontalText: strings.Repeat("章", 8)}, nil},
		{"nine characters", &GenerateOrganizationSealRequest{Caller: app, SealType: SealTypeOther, SourceIp: "i", SealHorizontalText: strings.Repeat("章", 9)},
			[]FieldError{{"SealHorizontalText", "max", "8"}}},
		{"too many ids", &DescribeUsersRequest{Caller: app, UserIds: make([]string, 101)}, []FieldError{{"UserIds", "max_items", "100"}}},
		{"no ids", &DescribeUsersRequest{Caller: app, UserIds: []string{}}, []FieldError{{"UserIds", "min_items", "1"}}},
		{"inside a struct", &CreateFlowByFilesRequest{Caller: app, FileIds: []string{"f"}}, []FieldError{{"FlowInfo.FlowName", "required", ""},
			{"FlowInfo.Deadline", "required", ""}}},
		{"inside a list", &SignFlowRequest{Caller: app, FlowId: "f", VerifyChannel: "NONE", SourceIp: "i", SignSeals: []SignSeal{{SignType: "SIGN_SEAL"}}},
			[]FieldError{{"SignSeals[0].ComponentId", "required", ""}}},
		{"a ticket is needed", &SignFlowRequest{Caller: app, FlowId: "f", VerifyChannel: "FACEID", SourceIp: "i", SignSeals: []SignSeal{}},
			[]FieldError{{"VerifyResult", "required", ""}}},
		{"a code may go to the registered mobile", &SendFlowRequest{Caller: app, FlowId: "f", UserId: "u", VerifyChannel: []string{"FACEID", "VERIFYCODE"},
			SignComponents: []Component{{ComponentType: "SIGN_SEAL"}}}, nil},
		{"offline is for SendFlowUrl only", &SendFlowRequest{Caller: app, FlowId: "f", UserId: "u", VerifyChannel: []string{"OFFLINE"},
			SignComponents: []Component{{}}}, []FieldError{{"VerifyChannel[0]", "oneof", "WEIXINAPP FACEID VERIFYCODE NONE THIRD ACCOUNT"}}},
		{"a link to a flow by default", &CreateSignUrlRequest{Caller: app, UserId: "u", Deadline: 1, CatalogId: "c"}, []FieldError{{"FlowId", "required", ""}}},
		{"a link to a catalog", &CreateSignUrlRequest{Caller: app, UserId: "u", Deadline: 1, SignUrlType: "CATALOG"}, []FieldError{{"CatalogId", "required", ""}}},
		{"no organisation", &VerifySubOrganizationRequest{Caller: app}, []FieldError{{"OpenId", "required", ""}}},
		{"the caller's organisation", &ModifySubOrganizationInfoRequest{Caller: Caller{ApplicationId: "a", SubOrganizationId: "s"}}, nil},
		{"neither id of a user", &ModifyUserRequest{Caller: app}, []FieldError{{"UserId", "required", ""}}},
		{"custom ids one to one", &UploadFilesRequest{Caller: app, BusinessType: "DOCUMENT", FileInfos: []UploadFile{{FileBody: "x"}}, CustomIds: []string{"a", "b"}},
			[]FieldError{{"CustomIds", "same_items", "FileInfos"}}},
		{"nothing to upload", &UploadFilesRequest{Caller: app, BusinessType: "DOCUMENT"}, []FieldError{{"FileInfos", "required", ""}}},
		{"an address with holes", &ModifySubOrganizationInfoRequest{Caller: app, OpenId: "o", ContactAddress: &Address{Province: "p", City: "c", County: "x"}},
			[]FieldError{{"ContactAddress.Details", "required", ""}}},
		{"any case of none", &CheckFaceIdentifyRequest{Caller: app, VerifyChannel: "None", VerifyResult: "x"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.req)
			var invalid *ValidationError
			if errors.As(err, &invalid) {
				if !reflect.DeepEqual(invalid.Fields, tt.want) {
					t.Errorf("got  %+v\nwant %+v", invalid.Fields, tt.want)
				}
			} else if err != nil || tt.want != nil {
				t.Errorf("got %v, want %+v", err, tt.want)
			}
		})
	}
}

func TestErrorForReturnsOnlyDeclaredCodes(t *testing.T) {
	missing := &ValidationError{[]FieldError{{"X", "required", ""}}}
	wrong := &ValidationError{[]FieldError{{"X", "oneof", "a b"}}}
	for _, tt := range []struct {
		action string
		err    error
		code   string
	}{
		{"CancelFlow", missing, CodeMissingParameter},
		{"CancelFlow", wrong, CodeInvalidParameter},
		{"SendFlow", wrong, CodeInvalidParameterValue},
		{"UploadFiles", missing, CodeInvalidParameter},
	} {
		if got := ErrorFor(tt.action, tt.err); got == nil || got.Code != tt.code || !strings.Contains(got.Message, "X") {
			t.Errorf("%s, %v: %v, want %s", tt.action, tt.err, got, tt.code)
		}
	}
	if got := ErrorFor("CancelFlow", errors.New("other")); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestMask(t *testing.T) {
	for _, tt := range []struct{ how, text, want string }{
		{"", "as it is", "as it is"}, {"name", "张", "张"}, {"name", "欧阳修", "欧**"}, {"mobile", "15012340702", "150****0702"}, {"mobile", "110", "***"},
		{"number", "12", "**"}, {"number", "", ""}, {"email", "nobody", "******"}, {"email", "a@b.c", "a@b.c"}, {"binary", "aaaa", "(4 bytes)"},
		{"long", "short", "short"}, {"long", strings.Repeat("a", 65), "(65 bytes)"}, {"secret", "123456", "***"},
		{"url", "https://a.example/b?token=c", "https://a.example/b"}, {"url", ":", "***"}, {"no such way", "x", "***"},
	} {
		if got := Mask(tt.how, tt.text); got != tt.want {
			t.Errorf("Mask(%q, %q) = %q, want %q", tt.how, tt.text, got, tt.want)
		}
	}
}
