// Package mailtest is a mail server for tests: it speaks SMTP over TCP, encrypted or not, keeps to the limits of RFC 5321, and keeps what it
// takes.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// maxLine is the longest line of a mail, in bytes without its end (RFC 5321, 4.5.3.1.6).
const maxLine = 998

// Options say how a server behaves; the zero value takes every mail unencrypted.
type Options struct {
	Certificate *tls.Certificate // it offers STARTTLS, and takes no mail without
	Implicit    bool             // TLS from the first byte, with the Certificate
	Login       *url.Userinfo    // takes mails from this one only
	Refuse      int              // how many mails it refuses for now (451) before it takes one
	Nobody      string           // the address that it does not know
	OnMail      func()           // called with each mail that was taken, before the answer
}

// Mail is what a server took.
type Mail struct {
	From, To  string // of the envelope
	Encrypted bool
	Text      string // headers and body
}

// Server is a running mail server. It ends with the test.
type Server struct {
	options  Options
	listener net.Listener
	mu       sync.Mutex
	taken    []Mail
	refused  int
}

// Start starts a server on a free port of this machine.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{options: o, listener: listener}
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
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		talks.Wait()
	})
	return s
}

// URL is how a client is told of the server, with its log-in.
func (s *Server) URL() *url.URL {
	u := &url.URL{Scheme: "smtp", Host: s.listener.Addr().String(), User: s.options.Login}
	if s.options.Implicit {
		u.Scheme = "smtps"
	}
	return u
}

// Mails are those that were taken, the oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.taken...)
}

// Refused counts the mails that were refused for now.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// talk speaks what of SMTP a client needs. The client may hang up at any time.
func (s *Server) talk(conn net.Conn) {
	defer conn.Close()
	var m Mail
	encrypt := func() {
		conn, m.Encrypted = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.options.Certificate}}), true
	}
	if s.options.Implicit {
		encrypt()
	}
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.test ready")
	known := s.options.Login == nil
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.test")
			if s.options.Certificate != nil && !m.Encrypted {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go ahead")
			encrypt()
			in = bufio.NewReader(conn)
		case "AUTH":
			known = s.logIn(rest)
			say(map[bool]string{true: "235 welcome", false: "535 wrong"}[known])
		case "MAIL", "RCPT":
			switch address := rest[strings.Index(rest, "<")+1 : strings.LastIndex(rest, ">")]; {
			case !known:
				say("530 log in first")
				continue
			case s.options.Certificate != nil && !m.Encrypted:
				say("530 STARTTLS first")
				continue
			case s.options.Nobody != "" && address == s.options.Nobody:
				say("550 nobody here")
				continue
			case strings.EqualFold(verb, "MAIL"):
				m.From = address
			default:
				m.To = address
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			answer, ok := s.take(in, &m)
			if !ok {
				return
			}
			say(answer)
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 unknown")
		}
	}
}

func (s *Server) logIn(rest string) bool {
	password, _ := s.options.Login.Password()
	_, response, _ := strings.Cut(rest, " ")
	return response == base64.StdEncoding.EncodeToString([]byte("\x00"+s.options.Login.Username()+"\x00"+password))
}

// take reads a mail and says what becomes of it.
func (s *Server) take(in *bufio.Reader, m *Mail) (answer string, ok bool) {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", false
		}
		if line == ".\r\n" {
			break
		}
		if len(strings.TrimSuffix(line, "\r\n")) > maxLine || !strings.HasSuffix(line, "\r\n") {
			answer = "500 a line is too long or has no end"
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	if answer != "" {
		return answer, true
	}
	m.Text = text.String()
	s.mu.Lock()
	if s.refused < s.options.Refuse {
		s.refused++
		s.mu.Unlock()
		return "451 not now", true
	}
	s.taken = append(s.taken, *m)
	s.mu.Unlock()
	if s.options.OnMail != nil {
		s.options.OnMail()
	}
	return "250 taken", true
}

// SelfSigned makes a certificate of this machine that nobody trusts.
func SelfSigned() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, nil
}

// Trusted makes a certificate of this machine that this process trusts, by the environment: call it in TestMain, before the first connection,
// with a folder for a file.
func Trusted(dir string) (*tls.Certificate, error) {
	c, err := SelfSigned()
	if err != nil {
		return nil, err
	}
	path := dir + "/roots.pem"
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600); err != nil {
		return nil, fmt.Errorf("write the roots: %w", err)
	}
	return c, os.Setenv("SSL_CERT_FILE", path)
}
