// Package mailer sends one mail at a time through a mail server (SMTP), encrypted where the server offers it.
package mailer

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Why a mail did not leave.
var (
	// ErrUnreachable says that there is no connection to the server.
	ErrUnreachable = errors.New("the mail server cannot be reached")
	// ErrTimeout says that the server did not answer in time.
	ErrTimeout = errors.New("the mail server did not answer in time")
	// ErrTLS says that there is no encryption, or a certificate that is not valid.
	ErrTLS = errors.New("the connection to the mail server cannot be encrypted")
	// ErrLogin says that the server did not take name and password.
	ErrLogin = errors.New("the mail server did not take the name and password")
	// ErrRefused says that the server did not take the mail.
	ErrRefused = errors.New("the mail server did not take the mail")
)

// Refusal is a server's no: ErrLogin or ErrRefused, with the code of its reply (RFC 5321, 4.2), 0 where the connection broke instead.
type Refusal struct {
	Cause error
	Code  int
}

func (r *Refusal) Error() string { return fmt.Sprintf("%v (%d)", r.Cause, r.Code) }

// Unwrap gives ErrLogin or ErrRefused.
func (r *Refusal) Unwrap() error { return r.Cause }

// Permanent tells whether an error says that the same mail will not be taken later either (5yz).
func Permanent(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Code >= 500
}

// refusal is the Refusal behind an error of the conversation.
func refusal(cause, err error) error {
	r := &Refusal{Cause: cause}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		r.Code = reply.Code
	}
	return r
}

// Server is a mail server and the address that mails come from. Both must be set.
type Server struct {
	URL  *url.URL // smtp://user:password@host:587, or smtps with port 465
	From string
}

// Message is a mail: plain text, and the same as a page where it has Parts.
type Message struct {
	ID      string // what stands before the @ of its Message-ID; the same for a mail that is sent again
	To      string
	Name    string // of the sender, to show
	Subject string
	Body    string // lines end in CR LF
	At      time.Time
	Parts   []Part // the same as a page; none: plain text only
}

// Part is a paragraph of a mail as a page, in one language, with a link where Link is not empty.
type Part struct{ Language, Text, Link, LinkText string }

// boundary stands between the two forms of a mail. It cannot occur in them: both are base64.
const boundary = "=_sealdesk_="

// content is the type of the mail and what follows its headers.
func (m Message) content() (kind string, body []byte) {
	var out bytes.Buffer
	if len(m.Parts) == 0 {
		encode(&out, m.Body)
		return "text/plain; charset=utf-8", out.Bytes()
	}
	page := "<!doctype html><html><head><meta charset=\"utf-8\"></head><body>"
	for _, p := range m.Parts {
		page += fmt.Sprintf("<div lang=\"%s\"><p>%s</p>", html.EscapeString(p.Language), html.EscapeString(p.Text))
		if p.Link != "" {
			page += fmt.Sprintf("<p><a href=\"%s\">%s</a></p>", html.EscapeString(p.Link), html.EscapeString(p.LinkText))
		}
		page += "</div>"
	}
	for _, form := range [][2]string{{"text/plain", m.Body}, {"text/html", page + "</body></html>"}} {
		fmt.Fprintf(&out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, form[0])
		encode(&out, form[1])
	}
	fmt.Fprintf(&out, "--%s--\r\n", boundary)
	return "multipart/alternative; boundary=\"" + boundary + "\"", out.Bytes()
}

// encode writes base64 in lines of 76.
func encode(out *bytes.Buffer, text string) {
	for encoded := base64.StdEncoding.EncodeToString([]byte(text)); encoded != ""; {
		n := min(76, len(encoded))
		out.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
}

// folded writes a subject in lines of at most 78 bytes: the encoder parts a long text into words, all in one line, and servers refuse lines of
// more than 998 bytes (RFC 5322, 2.1.1).
func folded(subject string) string {
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", subject), "?= =?", "?=\r\n =?")
}

// bytes writes the mail; its plain part is shown by every reader.
func (m Message) bytes(s Server) []byte {
	var out bytes.Buffer
	kind, body := m.content()
	headers := [][2]string{
		{"From", (&mail.Address{Name: m.Name, Address: s.From}).String()},
		{"To", (&mail.Address{Address: m.To}).String()},
		{"Subject", folded(m.Subject)},
		{"Date", m.At.Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<%s@%s>", m.ID, s.URL.Hostname())},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", kind},
	}
	if len(m.Parts) == 0 {
		headers = append(headers, [2]string{"Content-Transfer-Encoding", "base64"})
	}
	for _, header := range headers {
		fmt.Fprintf(&out, "%s: %s\r\n", header[0], header[1])
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// Send hands a mail to the server: over TLS from the start with smtps, with STARTTLS where an smtp server offers it. A password never
// leaves unencrypted, except to this machine. The error is one of this package.
func (s Server) Send(ctx context.Context, m Message) error {
	secure := s.URL.Scheme == "smtps"
	port := s.URL.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "587"}[secure]
	}
	dialer := &net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.URL.Hostname(), port))
	if err != nil {
		return problem(err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return problem(err)
		}
	}
	settings := &tls.Config{ServerName: s.URL.Hostname(), MinVersion: tls.VersionTLS12}
	if secure {
		encrypted := tls.Client(conn, settings)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return ErrTLS
		}
		conn = encrypted
	}
	client, err := smtp.NewClient(conn, s.URL.Hostname())
	if err != nil {
		return problem(err)
	}
	defer client.Close()
	return s.converse(client, settings, secure, m)
}

// converse is the talk with the server once the connection stands.
func (s Server) converse(client *smtp.Client, settings *tls.Config, secure bool, m Message) error {
	if offered, _ := client.Extension("STARTTLS"); offered && !secure {
		if err := client.StartTLS(settings); err != nil {
			return ErrTLS
		}
	}
	if user := s.URL.User; user != nil {
		password, _ := user.Password()
		if err := client.Auth(smtp.PlainAuth("", user.Username(), password, s.URL.Hostname())); err != nil {
			return refusal(ErrLogin, err)
		}
	}
	if err := errors.Join(client.Mail(s.From), client.Rcpt(m.To)); err != nil {
		return refusal(ErrRefused, err)
	}
	w, err := client.Data()
	if err != nil {
		return refusal(ErrRefused, err)
	}
	if _, err := w.Write(m.bytes(s)); err != nil {
		return problem(err)
	}
	if err := w.Close(); err != nil { // the server's answer to the whole mail
		return refusal(ErrRefused, err)
	}
	// The mail is taken; what the server says to a farewell changes nothing.
	_ = client.Quit()
	return nil
}

// problem is the error of a connection.
func problem(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return ErrTimeout
	}
	return ErrUnreachable
}
