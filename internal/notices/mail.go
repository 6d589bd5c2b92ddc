package notices

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/mailer"
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
	server := mailer.Server{URL: s.opts.MailURL, From: s.opts.MailFrom}
	return problem(server.Send(ctx, s.compose(i18n.WithLanguage(ctx, account.Language), e, flow, settings.Mail))), nil
}

// compose writes the mail. It names the contract and leads to it; nothing of its contents.
func (s *Sender) compose(ctx context.Context, e db.Delivery, flow db.Flow, to string) mailer.Message {
	subject := i18n.T(ctx, "notices.kind."+e.Kind)
	text := i18n.T(ctx, "notices.mail."+e.Kind, "Name", flow.Name)
	link := s.opts.PublicURL + "/notices"
	if flow.ID != "" {
		subject += i18n.T(ctx, "notices.mail.separator") + flow.Name
		link = s.opts.PublicURL + "/flows/" + flow.ID
	}
	return mailer.Message{ID: fmt.Sprintf("delivery-%d", e.ID), To: to, Name: i18n.T(ctx, "common.product.full"), Subject: subject, At: s.opts.Clock(),
		Body: text + "\r\n\r\n" + link + "\r\n\r\n" + i18n.T(ctx, "notices.mail.foot") + "\r\n"}
}
