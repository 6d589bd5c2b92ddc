package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sealdesk/internal/db"
)

const (
	// streamLife bounds a live connection, so that the browser logs in again by connecting again.
	streamLife = 15 * time.Minute
	// streamPing keeps proxies from closing a quiet connection.
	streamPing = 20 * time.Second
	// streamRest is the shortest time between two messages: what changes many times a second is sent at the end of it.
	streamRest = 250 * time.Millisecond
	// streamLook is how often a quiet connection looks whether it is still allowed; it looks before each message too.
	streamLook = time.Second
)

// live answers with server-sent events: send is called at once and whenever the topic has changed, until the browser or the portal ends it.
func (s *server) live(w http.ResponseWriter, r *http.Request, topic string, send func() error) error {
	ctx := r.Context()
	changes, cancel := s.watch.Hub().Subscribe(topic)
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	// The first message is what happened between the page and this connection.
	if err := send(); err != nil {
		return s.endLive(r, topic, err)
	}
	ping := time.NewTicker(streamPing)
	defer ping.Stop()
	rest := time.NewTicker(streamRest)
	defer rest.Stop()
	look := time.NewTicker(streamLook)
	defer look.Stop()
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for changed := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-end.C:
			return nil
		case <-look.C:
			if err := s.stillAllowed(ctx); err != nil {
				return s.endLive(r, topic, err)
			}
		case <-ping.C:
			if err := sendLines(w, ": \n\n"); err != nil {
				return errAnswered
			}
		case _, more := <-changes:
			if !more { // too slow, or the portal stops
				return nil
			}
			changed = true
		case <-rest.C:
			if !changed {
				continue
			}
			changed = false
			err := s.stillAllowed(ctx)
			if err == nil {
				err = send()
			}
			if err != nil {
				return s.endLive(r, topic, err)
			}
		}
	}
}

// errNoLonger says that whoever listens may not any more.
var errNoLonger = errors.New("the session is over, or its account has other rights by now")

// stillAllowed asks whether the session of a connection goes on and its account has the rights that it had when the connection was made. The
// browser connects again and is judged anew.
func (s *server) stillAllowed(ctx context.Context) error {
	x := exchangeOf(ctx)
	now, err := s.sessions.Standing(ctx, x.session)
	if errors.Is(err, db.ErrNotFound) {
		return errNoLonger
	}
	was := x.account
	if err == nil && (now.Disabled || now.Role != was.Role || now.Scope.All != was.Scope.All || !slices.Equal(now.Scope.Organizations, was.Scope.Organizations)) {
		err = errNoLonger
	}
	return err
}

func (s *server) endLive(r *http.Request, topic string, err error) error {
	if !errors.Is(err, errNoLonger) && disconnected(err) != nil && r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "live page", "topic", topic, "error", scrub(err))
	}
	return errAnswered
}

// sendMessage writes a message without a name, which swaps the live region.
func sendMessage(w http.ResponseWriter, r *http.Request, content templ.Component) error {
	var html bytes.Buffer
	if err := content.Render(r.Context(), &html); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return sendLines(w, "data: "+strings.ReplaceAll(html.String(), "\n", "\ndata: ")+"\n\n")
}

func sendLines(w http.ResponseWriter, text string) error {
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
