package templates

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// ConsolePrefix is the path below which the engine's console lies.
const ConsolePrefix = "/console/"

// ConsoleData is what the frame of the engine's console needs. Texts are already in the reader's language.
type ConsoleData struct {
	Title  string
	Active string // key of the navigation entry; empty: nobody is logged in, the page is a narrow card
	Path   string // where the switches come back to
	Theme  string
	Flash  *Flash
	Back   *Link
	Action templ.Component
	Badge  templ.Component
	Ahead  time.Duration // how far the engine's clock is ahead; shown on every page
	Now    time.Time     // of the engine's clock

	Simulated bool // the pages that bend the world exist, and every page says so
}

// consoleNavigation lists the pages; their texts are the keys "console.nav." + key. Those that bend the world are there in simulation only.
func consoleNavigation(simulated bool) []navGroup {
	groups := []navGroup{
		{"connect", []navEntry{
			{"connect", ConsolePrefix + "connect", "link"}, {"requests", ConsolePrefix + "requests", "history"}, {"callbacks", ConsolePrefix + "callbacks", "send"},
		}},
		{"decide", []navEntry{
			{"messages", ConsolePrefix + "messages", "phone"}, {"reviews", ConsolePrefix + "reviews", "check-circle"}, {"faces", ConsolePrefix + "faces", "user"},
			{"catalogs", ConsolePrefix + "catalogs", "folder"},
		}},
		{"world", []navEntry{
			{"identities", ConsolePrefix + "identities", "identity"}, {"rights", ConsolePrefix + "rights", "key"}, {"clock", ConsolePrefix + "clock", "clock"},
		}},
	}
	if simulated {
		return groups
	}
	for i := range groups {
		groups[i].entries = slices.DeleteFunc(groups[i].entries, func(e navEntry) bool {
			return e.key == "reviews" || e.key == "faces" || e.key == "identities" || e.key == "clock"
		})
	}
	return groups
}

// ConsoleRequest is one request in the list.
type ConsoleRequest struct {
	URL      string
	At       time.Time
	Action   string
	Client   string // the SDK's name
	Code     string // empty: it worked
	Took     time.Duration
	Scheme   string
	Method   string
	Explains bool // the page shows what was signed
}

// ConsoleRequestDetail is one request with all that is known of it.
type ConsoleRequestDetail struct {
	ConsoleRequest

	ID, Address, Message string
	Parameters           string
	Canonical            string
	StringToSign         string
}

// ConsoleCallback is one callback of the delivery log.
type ConsoleCallback struct {
	URL       string // of its page
	Seq       int64
	FlowID    string
	Address   string
	Operate   string
	State     string
	Attempts  int
	Due       time.Time
	Created   time.Time
	Delivered time.Time
}

// ConsoleCallbackDetail is one callback with its tries.
type ConsoleCallbackDetail struct {
	ConsoleCallback

	ID, SignID, Body string
	Tries            []ConsoleTry
}

// ConsoleTry is one try of a callback. Problem is a key below console.callback.problem.
type ConsoleTry struct {
	Number  int
	At      time.Time
	Took    time.Duration
	Status  int
	Problem string
}

// ConsoleCallbacks is the page of callbacks. Token and Key are empty until somebody asks for them.
type ConsoleCallbacks struct {
	Rows      []ConsoleCallback
	Paging    Paging
	Token     string
	Key       string
	Shown     bool
	Encrypted bool
}

// ConsoleRight is one white-listed right.
type ConsoleRight struct {
	Name    string
	Text    string
	Granted bool
}

// ConsoleClock is the page of the clock.
type ConsoleClock struct {
	World, Engine time.Time
	Ahead         time.Duration
	Problems      Problems
	Amount        string
	Unit          string
}

// ConsoleConnect is the page that helps to connect an SDK. SecretKey is empty until somebody asks for it.
type ConsoleConnect struct {
	Endpoint, Region, ApplicationID, SecretID, SecretKey string
	Shown                                                bool
	Samples                                              []ConsoleSample
}

// ConsoleSample is the lines for one language.
type ConsoleSample struct{ ID, Name, Code string }

// milliseconds writes a duration with the digits that matter.
func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms < 10 {
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	}
	return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
}

// aheadText writes how far the clock is ahead, in days, hours and minutes.
func aheadText(ctx context.Context, d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour), int(d%time.Hour/time.Minute)
	return t(ctx, "console.clock.ahead", "Days", days, "Hours", hours, "Minutes", minutes)
}

// callbackKind is the badge of a callback's state.
func callbackKind(state string) string {
	switch state {
	case "delivered":
		return "ok"
	case "failed":
		return "danger"
	default:
		return "wait"
	}
}

// tryText says what came of a try.
func tryText(ctx context.Context, try ConsoleTry) string {
	if try.Status != 0 {
		return "HTTP " + strconv.Itoa(try.Status)
	}
	return t(ctx, "console.callback.problem."+try.Problem)
}

// nonEmpty shows that there is nothing to show.
func nonEmpty(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
