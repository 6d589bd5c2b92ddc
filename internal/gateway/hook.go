package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sealdesk/internal/i18n"
	"sealdesk/internal/mailer"
	"sealdesk/internal/outward"
)

// Headers of a post: the message's id, which stays the same when it is repeated, and the seconds and signature of this try.
const (
	HeaderDelivery  = "X-Sealdesk-Delivery"
	HeaderTimestamp = "X-Sealdesk-Timestamp"
	HeaderSignature = "X-Sealdesk-Signature"
)

// Post is the body of a post: whom to send what. Text is the whole message, as an SMS would say it.
type Post struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	To     string   `json:"to"`
	Text   string   `json:"text"`
	Params []string `json:"params"` // what fills a template, as for SMS
}

func (g *Gateways) post(ctx context.Context, m Message) error {
	body, err := json.Marshal(Post{ID: m.ID, Kind: m.Kind, To: m.To, Text: Text(m), Params: params(m)})
	if err != nil {
		return &Error{Code: CodeRefused}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.opts.URL, bytes.NewReader(body))
	if err != nil {
		return &Error{Code: CodeUnreachable}
	}
	stamp := strconv.FormatInt(g.opts.Clock().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sealdesk")
	req.Header.Set(HeaderDelivery, m.ID)
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, outward.Signature(g.opts.Secret, stamp, body))
	resp, err := g.client.Do(req)
	if err != nil {
		if broken, ok := connection(err).(*Error); ok {
			broken.Again = broken.Code != CodePrivate // whoever receives it knows a repetition by its id
			return broken
		}
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return &Error{Code: CodeNoAnswer, Again: true}
	}
	if resp.StatusCode/100 != 2 {
		return &Error{Code: CodeStatus + "." + strconv.Itoa(resp.StatusCode), Again: later(resp.StatusCode)}
	}
	return nil
}

// later tells whether an answer may be another one later: a fault of the server's, or too much at a time. Every other one is about the message
// or the settings, and stays.
func later(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests
}

// textKind is the kind of a message's text: a code may be for nothing in particular.
func textKind(m Message) string {
	if m.Kind == KindCode && m.Contract == "" {
		return "plaincode"
	}
	return m.Kind
}

func facts(m Message) []any {
	sign := or(oneLine(m.SignName), i18n.T(i18n.WithLanguage(context.Background(), "zh-CN"), "message.sign"))
	return []any{"Contract", oneLine(m.Contract), "Code", m.Code, "Link", m.Link, "Until", m.Until, "Address", m.Address, "Sign", sign}
}

// oneLine takes out of what a caller named whatever could end a line or turn the text around it: the words of a message are ours.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, text)
}

// Text is a message to a mobile, in Chinese.
func Text(m Message) string {
	return i18n.T(i18n.WithLanguage(context.Background(), "zh-CN"), "message."+textKind(m)+".sms", facts(m)...)
}

// mail writes a message as a mail, in every language, since nobody knows which one its reader has chosen.
func mail(m Message, at time.Time) mailer.Message {
	out := mailer.Message{ID: "message-" + m.ID, To: m.To, At: at}
	for i, lang := range i18n.Languages() {
		ctx := i18n.WithLanguage(context.Background(), lang)
		subject, text := i18n.T(ctx, "message."+textKind(m)+".subject", facts(m)...), i18n.T(ctx, "message."+textKind(m)+".text", facts(m)...)
		if i > 0 {
			out.Subject += " / "
			out.Body += "\r\n\r\n--\r\n\r\n"
		} else {
			out.Name = i18n.T(ctx, "common.product.full")
		}
		out.Subject += subject
		out.Body += text
		if m.Link != "" {
			out.Body += "\r\n\r\n" + m.Link
		}
		out.Parts = append(out.Parts, mailer.Part{Language: lang, Text: text, Link: m.Link, LinkText: i18n.T(ctx, "message.open")})
	}
	out.Body += "\r\n"
	return out
}
