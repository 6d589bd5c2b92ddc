// Package notices sends what the portal has to tell out of it: by mail and to a webhook. What is to be sent stands in db, written in the
// transaction of what it tells of, so that nothing is lost when the program ends; what came of it stands there too. Nothing depends on it.
package notices

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/mailer"
	"sealdesk/internal/outward"
)

// retries are the pauses after a try that failed; then the delivery is given up, and only a person sends it again.
var retries = []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour}

const (
	sendTimeout = 20 * time.Second
	batch       = 50
)

// Why a delivery failed; each is a key of the catalogues below notices.error.
const (
	codePrivate     = "private"     // the address is not public
	codeTimeout     = "timeout"     // no answer in time
	codeUnreachable = "unreachable" // no connection
	codeStatus      = "status"      // the webhook did not answer 2xx
	codeTLS         = "tls"         // no encryption, or a certificate that is not valid
	codeLogin       = "login"       // the mail server did not take the name and password
	codeRefused     = "refused"     // the mail server did not take the mail
	codeOff         = "off"         // the channel is not set up any more
)

// Options are what a Sender needs. DB must be set, and PublicURL with a channel; without MailURL or WebhookURL the channel is off.
type Options struct {
	DB            *db.DB
	MailURL       *url.URL // smtp(s)://user:password@host:port
	MailFrom      string
	WebhookURL    string
	WebhookSecret string
	Private       bool   // the webhook may be in a private network
	PublicURL     string // how browsers reach the portal, for links
	Logger        *slog.Logger
	Clock         func() time.Time
}

// Sender works off the deliveries.
type Sender struct {
	opts   Options
	client *http.Client
	wake   chan struct{}
}

// New checks the options and makes the database queue deliveries for the channels that are set up.
func New(opts Options) (*Sender, error) {
	if opts.DB == nil || opts.PublicURL == "" && (opts.MailURL != nil || opts.WebhookURL != "") {
		return nil, errors.New("notices: DB is needed, and PublicURL for links in mails and webhooks")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Sender{opts: opts, client: outward.Client(sendTimeout, opts.Private), wake: make(chan struct{}, 1)}
	opts.DB.Deliver(opts.MailURL != nil, opts.WebhookURL != "")
	opts.DB.OnDelivery(s.wakeUp)
	return s, nil
}

func (s *Sender) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends until the context ends.
func (s *Sender) Run(ctx context.Context) error {
	ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	for {
		next, err := s.Send(ctx)
		pause := time.Hour
		switch {
		case err != nil && ctx.Err() == nil:
			s.opts.Logger.Error("notices: deliveries cannot be read or noted", "error", err)
			pause = 5 * time.Second
		case !next.IsZero():
			pause = max(10*time.Millisecond, next.Sub(s.opts.Clock()))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Send sends what is due now and tells when the next delivery is.
func (s *Sender) Send(ctx context.Context) (next time.Time, err error) {
	for {
		due, next, err := s.opts.DB.DueDeliveries(ctx, s.opts.Clock(), batch)
		if err != nil || len(due) == 0 {
			return next, err
		}
		for _, e := range due {
			code, err := s.try(ctx, e)
			if err != nil {
				return next, err
			}
			if ctx.Err() != nil {
				return next, nil // the program stops; it stays due
			}
			var retry time.Time
			if code != "" && e.Attempts < len(retries) && e.Kind != db.NoticeTest {
				retry = s.opts.Clock().Add(retries[e.Attempts])
			}
			if err := s.opts.DB.Delivered(ctx, e, code, retry); err != nil {
				return next, err
			}
		}
	}
}

// try sends one delivery once. A code says why it failed; an error is the portal's own.
func (s *Sender) try(ctx context.Context, e db.Delivery) (code string, err error) {
	var flow db.Flow
	if e.FlowID != "" {
		if flow, err = s.opts.DB.Flow(ctx, db.Everything(), e.FlowID); err != nil && !errors.Is(err, db.ErrNotFound) {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	switch {
	case e.Channel == db.ChannelWebhook && s.opts.WebhookURL != "":
		return s.post(ctx, e, flow), nil
	case e.Channel == db.ChannelMail && s.opts.MailURL != nil:
		return s.mail(ctx, e, flow)
	}
	return codeOff, nil
}

// problem is the code of what went wrong with a connection or a mail server; none for nil.
func problem(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return ""
	case errors.Is(err, outward.ErrPrivate):
		return codePrivate
	case errors.Is(err, mailer.ErrTLS):
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
