package gateway_test

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/gateway"
	"sealdesk/internal/mailer/mailtest"
)

var trusted *tls.Certificate

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "")
		if err == nil {
			defer os.RemoveAll(dir)
			trusted, err = mailtest.Trusted(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

const signer = "signer@example.com"

var (
	sender     = url.UserPassword("sealdesk", "pass")
	written    = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	invitation = gateway.Message{ID: "m1", Kind: gateway.KindInvitation, To: signer, Contract: "采购合同 <b>&", Link: "https://desk.example.com/s/1?a=1&b=2",
		Until: "2026-12-01 18:00"}
)

func byMail(server *url.URL) *gateway.Gateways {
	return gateway.New(gateway.Options{Mail: server, MailFrom: "desk@example.com", Clock: func() time.Time { return written }})
}

// parts are the forms of a mail by their type.
func parts(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %s, %v", kind, err)
	}
	all := map[string]string{}
	for reader := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := reader.NextPart()
		if err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		body, bodyErr := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil || bodyErr != nil || params["charset"] != "utf-8" {
			t.Fatalf("%v, %v, %v", part.Header, err, bodyErr)
		}
		all[kind] = string(body)
	}
}

// A mail goes out encrypted, whichever way the server wants it, and says the same in two languages and two forms.
func TestAMailIsWholeAndEncrypted(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.Start(t, mailtest.Options{Certificate: trusted, Implicit: implicit, Login: sender})
			if err := byMail(server.URL()).Send(t.Context(), invitation); err != nil {
				t.Fatal(err)
			}
			taken := server.Mails()
			if len(taken) != 1 || !taken[0].Encrypted || taken[0].To != signer || taken[0].From != "desk@example.com" {
				t.Fatalf("taken %+v", taken)
			}
			m, err := mail.ReadMessage(strings.NewReader(taken[0].Text))
			if err != nil {
				t.Fatal(err)
			}
			from, err := m.Header.AddressList("From")
			if err != nil || from[0].Address != "desk@example.com" || from[0].Name == "" {
				t.Errorf("from %v, %v", from, err)
			}
			for header, want := range map[string]string{"To": "<" + signer + ">", "Date": "Mon, 23 Nov 2026 06:00:00 +0000", "Message-Id": "<message-m1@127.0.0.1>",
				"Auto-Submitted": "auto-generated", "Mime-Version": "1.0"} {
				if got := m.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if want := "待签署：采购合同 <b>& / To sign: 采购合同 <b>&"; err != nil || subject != want {
				t.Errorf("subject %q, want %q, %v", subject, want, err)
			}
			forms := parts(t, m)
			plain, page := forms["text/plain"], forms["text/html"]
			for _, text := range []string{"您有一份合同《采购合同 <b>&》待签署，请于 2026-12-01 18:00 前完成", "waits for your signature until 2026-12-01 18:00 (Beijing time)", invitation.Link} {
				if !strings.Contains(plain, text) {
					t.Errorf("the plain form lacks %q: %s", text, plain)
				}
			}
			for _, text := range []string{`lang="zh-CN"`, `lang="en"`, "采购合同 &lt;b&gt;&amp;", `href="https://desk.example.com/s/1?a=1&amp;b=2"`} {
				if !strings.Contains(page, text) || strings.Contains(page, "<b>") {
					t.Errorf("the page lacks %q, or holds what a name says: %s", text, page)
				}
			}
		})
	}
}

// A name as long as names may be makes no line that a server must refuse, and is read as it was written.
func TestALongSubjectIsFolded(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	m := invitation
	m.Contract = strings.Repeat("关于办公设备采购与维护服务的", 15) // 210 characters
	if err := byMail(server.URL()).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	text := server.Mails()[0].Text
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(line) > 78+len("Subject: ") {
			t.Errorf("a header line of %d bytes: %s", len(line), line)
		}
	}
	got, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject")); err != nil || subject != "待签署："+m.Contract+" / To sign: "+m.Contract {
		t.Errorf("subject %q, %v", subject, err)
	}
}

// What goes wrong is told by its kind. A mail may be sent again, since it carries its number, unless the server said that it never takes it. A password or a code never leaves to a
// server that is not who it says.
func TestAMailThatDoesNotLeaveIsToldOf(t *testing.T) {
	nobody, err := mailtest.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	busy := mailtest.Start(t, mailtest.Options{Refuse: 2})
	gone := mailtest.Start(t, mailtest.Options{Nobody: invitation.To})
	unknown := mailtest.Start(t, mailtest.Options{Certificate: nobody, Login: sender})
	wrong := mailtest.Start(t, mailtest.Options{Certificate: trusted, Login: sender})
	guess := wrong.URL()
	guess.User = url.UserPassword("sealdesk", "guess")
	for _, c := range []struct {
		server *url.URL
		want   string
		again  bool
	}{{busy.URL(), "refused.451", true}, {busy.URL(), "refused.451", true}, {unknown.URL(), gateway.CodeTLS, true}, {guess, "login.535", false},
		{gone.URL(), "refused.550", false}, {&url.URL{Scheme: "smtp", Host: "127.0.0.1:1"}, gateway.CodeUnreachable, true}} {
		if got := failure(byMail(c.server).Send(t.Context(), invitation)); got != (gateway.Error{Code: c.want, Again: c.again}) {
			t.Errorf("%s: %+v, want %s", c.server, got, c.want)
		}
	}
	if err := byMail(busy.URL()).Send(t.Context(), invitation); err != nil || len(busy.Mails()) != 1 || busy.Refused() != 2 {
		t.Errorf("%d mails after %d refusals, %v", len(busy.Mails()), busy.Refused(), err)
	}
	if len(unknown.Mails())+len(wrong.Mails()) != 0 {
		t.Error("a mail left to a server that is not who it says, or without a log-in")
	}
}

// A name that a sender chose stays one line of any message, and cannot turn what stands around it.
func TestANameIsOneLineOfAMessage(t *testing.T) {
	m := invitation
	m.Contract, m.SignName = "采购\r\n\x1b[31m【银行】\u2028合\u202e同", "印\n台"
	for _, m.Kind = range []string{gateway.KindInvitation, gateway.KindCode, gateway.KindCompleted} {
		if text := gateway.Text(m); !strings.Contains(text, "《采购[31m【银行】合同》") || strings.ContainsAny(text, "\r\n\x1b\u2028\u202e") {
			t.Errorf("%s says %q", m.Kind, text)
		}
		server := mailtest.Start(t, mailtest.Options{})
		if err := byMail(server.URL()).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got, err := mail.ReadMessage(strings.NewReader(server.Mails()[0].Text))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		if plain := parts(t, got)["text/plain"]; err != nil || strings.ContainsAny(subject, "\r\n\x1b\u2028\u202e") || strings.Contains(plain, "采购\r\n") {
			t.Errorf("the mail says %q, %q, %v", subject, plain, err)
		}
	}
}
