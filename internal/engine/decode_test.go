package engine_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// largeRequests are those with the most shapes in them: lists of structs, optional structs, numbers, flags.
func largeRequests() []any {
	return []any{new(api.SendFlowUrlRequest), new(api.CreateFlowByFilesRequest), new(api.UploadFilesRequest), new(api.SignFlowRequest),
		new(api.CreateSubOrganizationAndSealRequest), new(api.DescribeFileUrlsRequest), new(api.CheckBankCard4EVerificationRequest)}
}

// refusedAsPlatform fails unless an error is one of the platform's.
func refusedAsPlatform(t *testing.T, err error) {
	t.Helper()
	var refused *api.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("%T: %v", err, err)
	}
}

func FuzzBody(f *testing.F) {
	for _, body := range []string{`{}`, `[]`, `null`, `{"Caller":{"ApplicationId":"a"},"FlowId":"f","UserId":"u","SignComponents":[{"ComponentPosX":1.5}]}`,
		`{"Deadline":"tomorrow"}`, `{"Deadline":1e99}`, `{"FileIds":[1]}`, `{"SignComponents":{"0":{}}}`, `{"FlowInfo":{"Deadline":9223372036854775808}}`,
		`{"Caller":null,"FileInfos":[{"FileBody":"JVBERi0="}]}`, `{"FlowId":"\ud800"}`, `{"FlowId":"a"}{}`, "{\"FlowId\":\"\xff\"}"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, req := range largeRequests() {
			if err := engine.DecodeBody(body, req); err != nil {
				refusedAsPlatform(t, err)
				continue
			}
			var invalid *api.ValidationError
			if err := api.Validate(req); err != nil && !errors.As(err, &invalid) {
				t.Fatalf("%T: %v", err, err)
			}
			if _, err := json.Marshal(req); err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, query := range []string{"", "Caller.ApplicationId=a&FileIds.0=x&FileIds.1=y", "SignComponents.0.ComponentPosX=1.5&SignComponents.0.ComponentType=SIGN_SEAL",
		"FileIds=x", "FileIds.-1=x", "FileIds.99999999999999999999=x", "FileIds.999=x", "Caller=x", "Caller.ApplicationId.x=y", "Deadline=NaN", "IsFullText=True",
		"SignComponents.999.ComponentPosX=Inf", "SmsTemplate.TemplateType=x", "=x", "....=x", "FileIds.0.0.0=x"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, req := range largeRequests() {
			if err := engine.DecodeParams(params, req); err != nil {
				refusedAsPlatform(t, err)
				continue
			}
			// The same parameters give the same request, whatever the order of a map.
			again := reflect.New(reflect.TypeOf(req).Elem()).Interface()
			if err := engine.DecodeParams(params, again); err != nil || !reflect.DeepEqual(req, again) {
				t.Fatalf("%+v and %+v, %v", req, again, err)
			}
		}
	})
}
