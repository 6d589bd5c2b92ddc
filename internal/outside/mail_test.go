package outside

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/mailer"
)

// mailServer takes every mail except those to refused@example.com.
type mailServer struct {
	mu    sync.Mutex
	taken []string
}

func (s *mailServer) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.taken...)
}

func startMail(t *testing.T) (*mailServer, *mailer.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{}
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			talks.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		talks.Wait()
	})
	return s, &mailer.Server{URL: &url.URL{Scheme: "smtp", Host: listener.Addr().String()}, From: "desk@example.com"}
}

func (s *mailServer) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.test ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			s.mu.Lock()
			s.taken = append(s.taken, text.String())
			s.mu.Unlock()
			say("250 taken")
		case "RCPT":
			if strings.Contains(rest, "refused@") {
				say("550 nobody here")
			} else {
				say("250 ok")
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
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
	taken := server.mails()
	if len(taken) != 4 {
		t.Fatalf("%d mails in 25 hours", len(taken))
	}
	subjects := ""
	for _, text := range taken {
		m, err := mail.ReadMessage(strings.NewReader(text))
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
	if err != nil || len(server.mails()) != 1 || list[0].Error != db.CheckpointPartly || w.state(db.WayMail, portal).Error != "" {
		t.Errorf("%d mails, %+v, %v", len(server.mails()), list, err)
	}
}
