package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// The engine has no camera, no register of citizens, no staff, and no clock but the machine's. What stands in for them chooses its own
// outcome and proves nothing: it exists only where Options.Simulate is set, and everything that is made there says so for ever.

// SimulatedMark begins the reason of every signature that was made while the world was simulated, and stands in its certificate.
const SimulatedMark = "SIMULATED 模拟"

// ErrNotSimulated refuses to bend the world of an engine that serves for real.
var ErrNotSimulated = errors.New("engine: this exists only with --simulate")

// The events that say how the engine served from then on. They, not a row of the database, decide whether it ever served in simulation.
const (
	simulationBegin = "simulation.begin"
	simulationEnd   = "simulation.end"
)

// Simulated tells whether the engine's world may be bent, as Options.Simulate says.
func (e *Engine) Simulated() bool { return e.simulate }

// simulatedChannels are ways to show one's will of which the embedded engine only has the outward form: nobody looks at a face, asks
// WeChat or reviews a paper.
var simulatedChannels = []string{channelFace, channelWeChat, channelOffline}

// hasChannel tells whether a way to show one's will exists here.
func (e *Engine) hasChannel(channel string) bool {
	return e.simulate || !slices.Contains(simulatedChannels, channel)
}

// SimulatedChannels are the ways to show one's will whose outcome is chosen by whoever signs: a signature after one of them proves nobody.
func SimulatedChannels() []string { return slices.Clone(simulatedChannels) }

// MissingChannels are the ways to show one's will that do not exist here.
func (e *Engine) MissingChannels() []string {
	if e.simulate {
		return nil
	}
	return slices.Clone(simulatedChannels)
}

// needSimulation refuses on the wire what is only simulated here.
func (e *Engine) needSimulation(what string) error {
	if e.simulate {
		return nil
	}
	return fail(api.CodeUnsupportedOperation, "%s: the embedded engine can only simulate this, and only when it was started with --simulate", what)
}

// IsSimulated tells of a signature whether it was made under simulation, by its reason or its certificate, which may be nil.
func IsSimulated(reason string, certificate *x509.Certificate) bool {
	return strings.HasPrefix(reason, SimulatedMark) || certificate != nil && slices.Contains(certificate.Subject.OrganizationalUnit, SimulatedMark)
}

// shownMessages are the messages that simulation shows in place instead of sending them, by the id of the task. They live in memory only.
type shownMessages struct {
	mu    sync.Mutex
	tasks map[string]shownMessage
}

type shownMessage struct {
	text  string
	until time.Time
}

// show keeps the newest message to a task's signer for their page.
func (e *Engine) show(signID, text string) {
	if !e.simulate {
		return
	}
	e.shown.mu.Lock()
	defer e.shown.mu.Unlock()
	now := e.now()
	maps.DeleteFunc(e.shown.tasks, func(_ string, m shownMessage) bool { return !now.Before(m.until) })
	e.shown.tasks[signID] = shownMessage{text, now.Add(codeLife)}
}

// SimulatedMessage is the code message that the signer behind a link would have got in the last ten minutes; empty for none, and always
// empty outside of simulation. Only the link of that very task shows it.
func (e *Engine) SimulatedMessage(ctx context.Context, token string) (text string, err error) {
	if !e.simulate {
		return "", nil
	}
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil {
			return err
		}
		e.shown.mu.Lock()
		defer e.shown.mu.Unlock()
		if m := e.shown.tasks[b.approver.SignID]; e.now().Before(m.until) {
			text = m.text
		}
		return nil
	})
	if errors.Is(err, ErrNotPending) {
		return "", nil
	}
	return text, err
}

// PassFaceCheck does at once what somebody does who passes the simulated face check of a signing link: it gives the ticket for SignFlow and
// RejectFlow. It is for sample data; without simulation it is refused.
func (e *Engine) PassFaceCheck(ctx context.Context, signURL string) (ticket string, err error) {
	token := signURL[strings.LastIndexByte(signURL, '/')+1:]
	page, err := e.BeginCheck(ctx, token, channelFace)
	if err != nil {
		return "", err
	}
	if _, err = e.DecideCheck(ctx, page[strings.LastIndexByte(page, '/')+1:], true, "", ""); err != nil {
		return "", err
	}
	return e.SessionTicket(ctx, token, channelFace)
}

// BeginServing notes in the evidence that from now on the world is simulated, or no longer. A clock that was set goes back to the
// machine's when simulation ends. Whoever serves calls it once, before; commands beside a running engine do not.
func (e *Engine) BeginServing(ctx context.Context) error {
	last, err := e.log.Query(ctx, audit.Filter{Actions: []string{simulationBegin, simulationEnd}}, 0, 1)
	if err != nil {
		return fmt.Errorf("ask the evidence how the engine served last: %w", err)
	}
	before := len(last) > 0 && last[0].Action == simulationBegin
	offset, err := e.storedOffset(ctx)
	if err != nil {
		return err
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if !e.simulate && offset != 0 { // also of a folder from before there was such a mode
			if err := e.storeOffset(ctx, tx, 0, offset); err != nil {
				return err
			}
		}
		if before == e.simulate {
			return nil
		}
		action := simulationEnd
		if e.simulate {
			action = simulationBegin
		}
		return e.record(ctx, tx, event{Action: action, ObjectType: "engine"})
	})
}
