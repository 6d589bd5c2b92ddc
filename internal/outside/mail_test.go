package outside

import (
	"context"
	"encoding/base64"
	"io"
	"net/mail"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/mailer"
	"sealdesk/internal/mailer/mailtest"
)

// startMail starts a mail server that takes every mail except those to refused@example.com.
func startMail(t *testing.T) (*mailtest.Server, *mailer.Server) {
	t.Helper()
	s := mailtest.Start(t, mailtest.Options{Nobody: "refused@example.com"})
	return s, &mailer.Server{URL: s.URL(), From: "desk@example.com"}
}

// reviewer adds an account with a mail address.
func (w *world) account(name string, role auth.Role, address, language string) {
	w.t.Helper()
	ctx := context.Background()
	a, err := w.db.AddAccount(ctx, db.NewAccount{Name: name, Role: role, Scope: db.Everything(), PasswordHash: "hash", Language: language})
	if err == nil {
		err = w.db.SetNoticeSettings(ctx, a.ID, db.NoticeSettings{Mail: address})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestByMailToTheReviewersOnceADay(t *testing.T) {
	server, out := startMail(t)
	w := newWorld(t, Options{Mail: out})
	w.account("li", auth.Admin, "li@example.com", "zh-CN")
	w.happen()
	w.send()
	if s := w.state(db.WayMail, portal); s.Error != codeNobody {
		t.Errorf("without a reviewer: %+v", s)
	}
	w.account("chen", auth.Compliance, "chen@example.com", "zh-CN")
	w.account("wu", auth.Compliance, "wu@example.com", "en")
	w.advance(retries[0])
	for range 100 { // more than a day, busy
		w.happen()
		w.send()
		w.advance(15 * time.Minute)
	}
	taken := server.Mails()
	if len(taken) != 4 {
		t.Fatalf("%d mails in 25 hours", len(taken))
	}
	subjects := ""
	for _, got := range taken {
		m, err := mail.ReadMessage(strings.NewReader(got.Text))
		if err != nil {
			t.Fatal(err)
		}
		if to := m.Header.Get("To"); to != "<chen@example.com>" && to != "<wu@example.com>" {
			t.Errorf("a mail to %s", to)
		}
		subjects += m.Header.Get("Subject") + "\n"
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(string(body), "\r\n", "\n")
		if !strings.Contains(plain, "https://desk.example.com/audit/checkpoints") {
			t.Errorf("no link in %s", plain)
		}
		_, rest, _ := strings.Cut(plain, "\n"+portal+"\n")
		mine, engines, ok := strings.Cut(rest, "\n\nevidence.example\n")
		if !ok {
			t.Fatalf("the mail holds not both checkpoints:\n%s", plain)
		}
		w.check(w.db.Audit(), portal+"\n"+mine+"\n")
		w.check(w.evidence, "evidence.example\n"+engines)
	}
	if !strings.Contains(subjects, "=?utf-8?b?") || !strings.Contains(subjects, "Checkpoint") {
		t.Errorf("not in the languages of the readers:\n%s", subjects)
	}
}

func TestOneReviewerWhoIsNotReachedDoesNotHoldUpTheOthers(t *testing.T) {
	server, out := startMail(t)
	w := newWorld(t, Options{Mail: out})
	w.account("gone", auth.Compliance, "refused@example.com", "en")
	w.happen()
	w.send()
	if s := w.state(db.WayMail, portal); s.Error != codeRefused {
		t.Errorf("nobody took it: %+v", s)
	}
	w.account("wu", auth.Compliance, "wu@example.com", "en")
	w.advance(retries[0])
	w.send()
	list, err := w.db.CheckpointsOut(context.Background(), 0, 1)
	if err != nil || len(server.Mails()) != 1 || list[0].Error != db.CheckpointPartly || w.state(db.WayMail, portal).Error != "" {
		t.Errorf("%d mails, %+v, %v", len(server.Mails()), list, err)
	}
}
