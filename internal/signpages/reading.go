package signpages

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
)

// checkReading holds the signer to what the sender asked for (SendFlow, IsFullText and PreReadTime). The engine knows what was fetched
// through the signer's links, also after a restart.
func (s *server) checkReading(ctx context.Context, session *engine.Session, e *entry) error {
	wait, unseen, err := s.engine.ReadingLeft(ctx, session)
	switch {
	case err != nil:
		return fmt.Errorf("see what was read: %w", err)
	case wait > 0:
		e.problems["Reading"] = i18n.T(ctx, "sign.read.wait", "Seconds", int(roundUp(wait).Seconds()))
	case unseen:
		e.problems["Reading"] = i18n.T(ctx, "sign.read.pages")
	}
	return nil
}

func roundUp(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }
