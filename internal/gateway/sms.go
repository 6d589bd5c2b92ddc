package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/api"
)

// The cloud's SMS API (sms, 2021-01-11).
const (
	smsService  = "sms"
	smsVersion  = "2021-01-11"
	smsAction   = "SendSms"
	SMSEndpoint = "https://sms.tencentcloudapi.com/" // SMSEndpoint is where the cloud serves it
	SMSRegion   = "ap-guangzhou"                     // SMSRegion is where most accounts are
)

// SMS is Tencent Cloud's SMS. Without a SecretID there is none. Templates are by the kind of message; a kind without one is not sent so.
type SMS struct {
	Endpoint, Region    string // empty: SMSEndpoint, SMSRegion
	SecretID, SecretKey string
	AppID, SignName     string
	Templates           map[string]string
}

func (s SMS) template(m Message) string {
	if m.TemplateID != "" {
		return m.TemplateID
	}
	return s.Templates[m.Kind]
}

// params are what fills a template, in order: of a code the code and its minutes, of all others the contract and the link.
func params(m Message) []string {
	switch m.Kind {
	case KindCode:
		return []string{m.Code, "10"}
	case KindChanged:
		return []string{m.Address}
	case KindTest:
		return []string{"000000", "10"}
	}
	return []string{oneLine(m.Contract), m.Link}
}

// sendSMS is what SendSms takes.
type sendSMS struct {
	PhoneNumberSet   []string `json:"PhoneNumberSet"`
	SmsSdkAppId      string   `json:"SmsSdkAppId"`
	SignName         string   `json:"SignName,omitempty"`
	TemplateId       string   `json:"TemplateId"`
	TemplateParamSet []string `json:"TemplateParamSet,omitempty"`
	SessionContext   string   `json:"SessionContext,omitempty"` // our id, which comes back in the answer and in reports
}

// sentSMS is what SendSms answers.
type sentSMS struct {
	Response struct {
		SendStatusSet []struct{ Code, Message string }
		Error         *struct{ Code, Message string }
	}
}

// sms sends by the cloud's API. An answer that does not come is not asked for again: the message may have arrived. A code may come twice.
func (g *Gateways) sms(ctx context.Context, m Message) error {
	s := g.opts.SMS
	req := sendSMS{PhoneNumberSet: []string{international(m.To)}, SmsSdkAppId: s.AppID, SignName: s.SignName, TemplateId: s.template(m), TemplateParamSet: params(m), SessionContext: m.ID}
	if m.SignName != "" {
		req.SignName = m.SignName
	}
	body, err := json.Marshal(req)
	if err != nil {
		return &Error{Code: CodeRefused}
	}
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, or(s.Endpoint, SMSEndpoint), bytes.NewReader(body))
	if err != nil {
		return &Error{Code: CodeUnreachable}
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("X-TC-Action", smsAction)
	call.Header.Set("X-TC-Version", smsVersion)
	call.Header.Set("X-TC-Region", or(s.Region, SMSRegion))
	api.SignTC3Service(call, body, smsService, s.SecretID, s.SecretKey, g.opts.Clock())
	resp, err := g.client.Do(call)
	if err != nil {
		err := connection(err)
		if broken, ok := err.(*Error); ok && m.Kind == KindCode && broken.Code == CodeNoAnswer {
			broken.Again = true
		}
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var sent sentSMS
	if err != nil || json.Unmarshal(data, &sent) != nil {
		return &Error{Code: CodeNoAnswer, Again: m.Kind == KindCode}
	}
	code := ""
	switch {
	case sent.Response.Error != nil:
		code = sent.Response.Error.Code
	case len(sent.Response.SendStatusSet) == 0:
		return &Error{Code: CodeNoAnswer, Again: m.Kind == KindCode}
	default:
		code = sent.Response.SendStatusSet[0].Code
	}
	if code == "Ok" {
		return nil
	}
	return &Error{Code: code, Again: passing(code)}
}

// passing tells whether a refusal goes by itself: too many at a time, a fault of the platform's before it sent.
func passing(code string) bool {
	return strings.HasPrefix(code, "RequestLimitExceeded") || strings.HasPrefix(code, "LimitExceeded.PhoneNumberThirtySecond") ||
		strings.HasPrefix(code, "LimitExceeded.PhoneNumberOneHour") || strings.HasPrefix(code, "InternalError") || code == "FailedOperation.InsufficientBalanceInSmsPackage"
}

// international is a mobile of mainland China as the API wants it.
func international(mobile string) string {
	if strings.HasPrefix(mobile, "+") {
		return mobile
	}
	return "+86" + strings.TrimPrefix(mobile, "0086")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Beijing is the time zone of what people read.
func Beijing(t time.Time) string {
	return t.In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04")
}
