package outside

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/mailer"
)

// mail sends one mail with the checkpoints of all logs to each reviewer, in their language. It has left when one of them got it.
func (s *Sender) mail(ctx context.Context, items []item) []result {
	all := func(r result) []result {
		results := make([]result, len(items))
		for i := range results {
			results[i] = r
		}
		return results
	}
	reviewers, err := s.opts.DB.Reviewers(ctx)
	if err != nil {
		s.opts.Logger.ErrorContext(ctx, "the reviewers cannot be read", "error", err)
		return all(result{code: codeNobody})
	}
	if len(reviewers) == 0 {
		return all(result{code: codeNobody})
	}
	taken, code := 0, ""
	for i, r := range reviewers {
		err := s.opts.Mail.Send(ctx, s.letter(i18n.WithLanguage(ctx, r.Language), items, r.Mail, i))
		if err == nil {
			taken++
		} else {
			code = connection(err)
		}
	}
	switch {
	case taken == 0:
		return all(result{code: code})
	case code != "":
		return all(result{partly: db.CheckpointPartly})
	}
	return all(result{})
}

// letter is the mail: what to do with it, then the checkpoints as they are.
func (s *Sender) letter(ctx context.Context, items []item, to string, n int) mailer.Message {
	var body strings.Builder
	line := func(text string) { body.WriteString(text + "\r\n") }
	if s.opts.PublicURL == "" {
		line(i18n.T(ctx, "checkpoints.mail.text.engine"))
	} else {
		line(i18n.T(ctx, "checkpoints.mail.text"))
		line("")
		line(s.opts.PublicURL + "/audit/checkpoints")
	}
	for _, it := range items {
		line("")
		body.WriteString(strings.ReplaceAll(string(it.c.Text), "\n", "\r\n"))
	}
	newest := items[0].c
	return mailer.Message{ID: fmt.Sprintf("checkpoint-%d-%d-%d", newest.Size, s.opts.Clock().Unix(), n), To: to, Name: i18n.T(ctx, "common.product.full"),
		Subject: i18n.T(ctx, "checkpoints.mail.subject", "Count", newest.Size), Body: body.String(), At: s.opts.Clock()}
}

// connection is the code of what went wrong with a connection or a mail server.
func connection(err error) string {
	var timeout interface{ Timeout() bool }
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, mailer.ErrTLS), errors.As(err, &certificate):
		return codeTLS
	case errors.Is(err, mailer.ErrLogin):
		return codeLogin
	case errors.Is(err, mailer.ErrRefused):
		return codeRefused
	case errors.Is(err, mailer.ErrTimeout), errors.As(err, &timeout) && timeout.Timeout():
		return codeTimeout
	}
	return codeUnreachable
}
