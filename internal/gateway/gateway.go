// Package gateway takes messages to people: by SMS through Tencent Cloud, to an HTTP address that sends on, and by mail. It sends one
// message once; what is to be sent, and when again, stands with whoever calls it.
package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/mailer"
	"sealdesk/internal/outward"
)

// The kinds of messages.
const (
	KindCode       = "code"       // the one-time code that shows the will to sign
	KindInvitation = "invitation" // it is somebody's turn to sign
	KindReminder   = "reminder"   // it still is
	KindCompleted  = "completed"  // a contract is complete
	KindChanged    = "changed"    // another address was registered; to the one before
	KindTest       = "test"
)

// The ways of a message.
const (
	WaySMS  = "sms"
	WayHTTP = "http"
	WayMail = "mail"
)

// sendTimeout bounds one try.
const sendTimeout = 20 * time.Second

// Message is what a person is told. It holds what its kind needs and no more.
type Message struct {
	ID       string `json:"id"` // stays the same when it is sent again
	Kind     string `json:"kind"`
	To       string `json:"to"`                 // mobile or e-mail, in clear
	Contract string `json:"contract,omitempty"` // its name
	Code     string `json:"code,omitempty"`
	Link     string `json:"link,omitempty"`
	Until    string `json:"until,omitempty"` // as people read it, Beijing time
	Address  string `json:"address,omitempty"`
	FlowID   string `json:"flow,omitempty"` // contract and task that it is about
	SignID   string `json:"task,omitempty"`
	// TemplateID and SignName take the place of the configured ones for SMS (essbasic, SmsTemplate).
	TemplateID string `json:"templateId,omitempty"`
	SignName   string `json:"signName,omitempty"`
}

// IsMail tells whether an address is an e-mail's and no mobile.
func IsMail(address string) bool { return strings.Contains(address, "@") }

// Mask keeps what somebody needs to recognise a mobile (150****0702) or an e-mail (s***@example.com).
func Mask(address string) string {
	if name, domain, isMail := strings.Cut(address, "@"); isMail {
		return string([]rune(name)[:min(1, len([]rune(name)))]) + "***@" + domain
	}
	r := []rune(address)
	if len(r) < 8 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:3]) + strings.Repeat("*", len(r)-7) + string(r[len(r)-4:])
}

// Options are the ways that exist; what is left empty does not.
type Options struct {
	SMS        SMS
	URL        string // that gets a signed POST for every message to a mobile
	Secret     string // of its signature
	Private    bool   // URL and SMS.Endpoint may be in a private network
	Mail       *url.URL
	MailFrom   string
	Clock      func() time.Time
	HTTPClient *http.Client // nil: one that keeps to public addresses
}

// Gateways send messages. The zero value has no way to anybody.
type Gateways struct {
	opts   Options
	client *http.Client
}

// New makes the gateways of the options.
func New(opts Options) *Gateways {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	g := &Gateways{opts: opts, client: opts.HTTPClient}
	if g.client == nil {
		g.client = outward.Client(sendTimeout, opts.Private)
	}
	return g
}

// Ways lists the ways that exist.
func (g *Gateways) Ways() (all []string) {
	if g == nil {
		return nil
	}
	if g.opts.SMS.SecretID != "" {
		all = append(all, WaySMS)
	}
	if g.opts.URL != "" {
		all = append(all, WayHTTP)
	}
	if g.opts.Mail != nil {
		all = append(all, WayMail)
	}
	return all
}

// Way is how a message would go; empty where it can go nowhere.
func (g *Gateways) Way(m Message) string {
	switch {
	case g == nil || m.To == "":
	case IsMail(m.To) && g.opts.Mail != nil:
		return WayMail
	case IsMail(m.To):
	case g.opts.SMS.SecretID != "" && g.opts.SMS.template(m) != "":
		return WaySMS
	case g.opts.URL != "":
		return WayHTTP
	}
	return ""
}

// ErrNoWay says that no way leads to an address.
var ErrNoWay = errors.New("no way is set up to this address")

// Sent is a line of the log of messages: what a message was, to whom and what became of it; never what it says.
type Sent struct {
	SignID    string // the task that it was about; empty for none
	Kind, Way string // Way is empty where there was none
	Address   string // masked
	State     string // kept, waiting, trying, done or failed
	Error     string // of the last try: a code of this package or of the platform
	Attempts  int
	Created   time.Time
	Delivered time.Time // when it left; zero where it did not
}

// Error is why a message did not leave, or may not have.
type Error struct {
	Code string // the way's or the platform's, for people to look up
	// Again tells that another try may help and does no harm: the message surely did not arrive.
	Again bool
}

func (e *Error) Error() string { return "the message was not sent: " + e.Code }

// The codes of our own.
const (
	CodeUnreachable = "unreachable" // no connection: it surely did not leave
	CodeNoAnswer    = "no_answer"   // it may have arrived
	CodePrivate     = "private"     // the address is not public
	CodeStatus      = "status"      // the HTTP address answered an error; a dot and the status follow
	CodeOff         = "off"         // the way is not set up any more
	CodeTLS         = "tls"
	CodeLogin       = "login"   // by the mail server; a dot and the code of its reply follow
	CodeRefused     = "refused" // as CodeLogin
)

// Send sends a message once. The error is an *Error.
func (g *Gateways) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	switch g.Way(m) {
	case WaySMS:
		return g.sms(ctx, m)
	case WayHTTP:
		return g.post(ctx, m)
	case WayMail:
		return g.mail(ctx, m)
	}
	return &Error{Code: CodeOff, Again: true}
}

func (g *Gateways) mail(ctx context.Context, m Message) error {
	server := mailer.Server{URL: g.opts.Mail, From: g.opts.MailFrom}
	err := server.Send(ctx, mail(m, g.opts.Clock()))
	for cause, code := range map[error]string{mailer.ErrUnreachable: CodeUnreachable, mailer.ErrTimeout: CodeNoAnswer, mailer.ErrTLS: CodeTLS,
		mailer.ErrLogin: CodeLogin, mailer.ErrRefused: CodeRefused} {
		if errors.Is(err, cause) {
			failed := &Error{Code: code, Again: !mailer.Permanent(err)} // a mail that comes twice carries the same Message-ID
			var refusal *mailer.Refusal
			if errors.As(err, &refusal) && refusal.Code != 0 {
				failed.Code += "." + strconv.Itoa(refusal.Code)
			}
			return failed
		}
	}
	return err
}

// connection is the error of a request that got no answer.
func connection(err error) error {
	var (
		failed *net.OpError
		trust  *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, outward.ErrPrivate):
		return &Error{Code: CodePrivate}
	case errors.As(err, &trust): // nothing is said to a server that is not who it says
		return &Error{Code: CodeTLS, Again: true}
	case errors.As(err, &failed) && failed.Op == "dial":
		return &Error{Code: CodeUnreachable, Again: true}
	}
	return &Error{Code: CodeNoAnswer}
}
