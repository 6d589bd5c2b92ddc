package notices

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"time"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// mail sends one mail in the language of its reader. An account that has no address any more gets none.
func (s *Sender) mail(ctx context.Context, e db.Delivery, flow db.Flow) (code string, err error) {
	account, err := s.opts.DB.Account(ctx, e.AccountID)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	settings, err := s.opts.DB.NoticeSettings(ctx, e.AccountID)
	if err != nil || settings.Mail == "" || account.Disabled {
		return "", err
	}
	message := s.compose(i18n.WithLanguage(ctx, account.Language), e, flow, settings.Mail)
	return s.submit(ctx, settings.Mail, message), nil
}

// compose writes the mail: one plain part, so that every reader shows it. It names the contract and leads to it; nothing of its contents.
func (s *Sender) compose(ctx context.Context, e db.Delivery, flow db.Flow, to string) []byte {
	subject := i18n.T(ctx, "notices.kind."+e.Kind)
	text := i18n.T(ctx, "notices.mail."+e.Kind, "Name", flow.Name)
	link := s.opts.PublicURL + "/notices"
	if flow.ID != "" {
		subject += i18n.T(ctx, "notices.mail.separator") + flow.Name
		link = s.opts.PublicURL + "/flows/" + flow.ID
	}
	body := text + "\r\n\r\n" + link + "\r\n\r\n" + i18n.T(ctx, "notices.mail.foot") + "\r\n"
	var out bytes.Buffer
	for _, header := range [][2]string{
		{"From", (&mail.Address{Name: i18n.T(ctx, "common.product.full"), Address: s.opts.MailFrom}).String()},
		{"To", (&mail.Address{Address: to}).String()},
		{"Subject", mime.BEncoding.Encode("utf-8", subject)},
		{"Date", s.opts.Clock().Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<delivery-%d@%s>", e.ID, s.opts.MailURL.Hostname())},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", header[0], header[1])
	}
	out.WriteString("\r\n")
	for encoded := base64.StdEncoding.EncodeToString([]byte(body)); encoded != ""; {
		n := min(76, len(encoded))
		out.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	return out.Bytes()
}

// submit hands a mail to the server: over TLS from the start with smtps, with STARTTLS where an smtp server offers it. A password never
// leaves unencrypted, except to this machine.
func (s *Sender) submit(ctx context.Context, to string, message []byte) (code string) {
	server := s.opts.MailURL
	secure := server.Scheme == "smtps"
	port := server.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "587"}[secure]
	}
	dialer := &net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(server.Hostname(), port))
	if err != nil {
		return problem(err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return problem(err)
		}
	}
	settings := &tls.Config{ServerName: server.Hostname(), MinVersion: tls.VersionTLS12}
	if secure {
		encrypted := tls.Client(conn, settings)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return codeTLS
		}
		conn = encrypted
	}
	client, err := smtp.NewClient(conn, server.Hostname())
	if err != nil {
		return problem(err)
	}
	defer client.Close()
	return s.converse(client, settings, secure, to, message)
}

// converse is the talk with the server once the connection stands.
func (s *Sender) converse(client *smtp.Client, settings *tls.Config, secure bool, to string, message []byte) (code string) {
	if offered, _ := client.Extension("STARTTLS"); offered && !secure {
		if err := client.StartTLS(settings); err != nil {
			return codeTLS
		}
	}
	if user := s.opts.MailURL.User; user != nil {
		password, _ := user.Password()
		if err := client.Auth(smtp.PlainAuth("", user.Username(), password, s.opts.MailURL.Hostname())); err != nil {
			return codeLogin
		}
	}
	if err := errors.Join(client.Mail(s.opts.MailFrom), client.Rcpt(to)); err != nil {
		return codeRefused
	}
	w, err := client.Data()
	if err != nil {
		return codeRefused
	}
	if _, err := w.Write(message); err != nil {
		return problem(err)
	}
	if err := w.Close(); err != nil { // the server's answer to the whole mail
		return codeRefused
	}
	// The mail is taken; what the server says to a farewell changes nothing.
	_ = client.Quit()
	return ""
}
