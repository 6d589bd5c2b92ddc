// Package outside takes the checkpoints of the audit logs off the machine, on each way that is set up: into a folder on another mount, to
// syslog, to an HTTP address, by mail to the reviewers, and to a witness. Whoever can change the database cannot change what has left.
//
// How far each way has come is kept (States), so that a restart forgets nothing. A way that fails is tried again with
// growing pauses and never holds up an event; what it then takes is the newest checkpoint, which covers all before it.
package outside

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/mailer"
	"sealdesk/internal/outward"
	"sealdesk/internal/witness"
)

const (
	// every is how often it is looked for new events.
	every = time.Minute
	// mailEvery is the shortest time between two mails to the reviewers: one a day is kept, one a minute is filtered away.
	mailEvery = 24 * time.Hour
	// tryTimeout is how long a way may take.
	tryTimeout = 20 * time.Second
	// lastTimeout is how long all ways together may take when the program stops.
	lastTimeout = 5 * time.Second
)

// retries are the pauses after a try that failed; the last one stays.
var retries = []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}

// Why a checkpoint stayed; each is a key of the catalogues below checkpoints.error. Those that mean more
// are db.CheckpointHistory and db.CheckpointPartly.
const (
	codeNoFolder    = "no_folder"   // the folder is not there
	codeGone        = "gone"        // the file that was written to is not there any more
	codeWrite       = "write"       // the file cannot be written
	codeFull        = "full"        // there is no space left
	codeTimeout     = "timeout"     // no answer in time
	codeUnreachable = "unreachable" // no connection
	codeTLS         = "tls"         // no encryption, or a certificate that is not valid
	codeStatus      = "status"      // the address did not answer 2xx
	codeLogin       = "login"       // the mail server did not take the name and password
	codeRefused     = "refused"     // the mail server did not take the mail
	codeNobody      = "nobody"      // no reviewer gave a mail address
	codeUnknownLog  = "unknown_log" // the witness does not know the log
	codeUnknownKey  = "unknown_key" // the witness knows the log with another key
	codeAnswer      = "answer"      // the answer is not signed by the witness
	codeUnproven    = "unproven"    // the log cannot prove that it only grew
)

// States keeps how far each way has come, so that a restart forgets nothing. The portal's database is one.
type States interface {
	// CheckpointStates gives how it stands with each log on each way.
	CheckpointStates(ctx context.Context) ([]db.CheckpointState, error)
	// CheckpointLeft notes that a checkpoint left on a way; see db.DB.CheckpointLeft.
	CheckpointLeft(ctx context.Context, way string, c audit.Checkpoint, cosignature, partly string, next time.Time) error
	// CheckpointStayed notes that a way did not take one; see db.DB.CheckpointStayed.
	CheckpointStayed(ctx context.Context, way string, c audit.Checkpoint, code string, next time.Time) error
	// Reviewers gives who gets mails.
	Reviewers(ctx context.Context) ([]db.Reviewer, error)
}

// Options say which ways there are; one without its address is off. DB and Logs must be set.
type Options struct {
	DB         States
	Logs       []*audit.Log
	Folder     string   // where files of checkpoints are appended to
	Syslog     *url.URL // unixgram:///dev/log, udp://host:514, tcp://host:601
	PostURL    string
	PostSecret string
	Mail       *mailer.Server // for the reviewers
	PublicURL  string         // how browsers reach the portal, for the link in mails; empty where there is none
	WitnessURL string
	WitnessKey *witness.Verifier
	Logger     *slog.Logger
	Clock      func() time.Time
}

// item is a checkpoint on its way.
type item struct {
	log   *audit.Log
	c     audit.Checkpoint
	state db.CheckpointState
}

// result is what came of one.
type result struct {
	code        string // why it stayed; empty: it left
	partly      string // it left, but not to all
	cosignature string
}

// way is one way out.
type way struct {
	name   string
	target string // for people, without secrets
	every  time.Duration
	send   func(ctx context.Context, items []item) []result
}

// Sender gives checkpoints out. It is safe for concurrent use.
type Sender struct {
	opts Options
	ways []way
	http *http.Client
	turn sync.Mutex // one sends at a time
}

// New checks the options.
func New(o Options) (*Sender, error) {
	if o.DB == nil || len(o.Logs) == 0 {
		return nil, errors.New("outside: DB and Logs are needed")
	}
	if o.WitnessURL != "" && o.WitnessKey == nil {
		return nil, errors.New("outside: the key of the witness is needed")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	// The addresses come from whoever runs the portal: they may be in a private network.
	s := &Sender{opts: o, http: outward.Client(tryTimeout, true)}
	add := func(on bool, w way) {
		if on {
			s.ways = append(s.ways, w)
		}
	}
	add(o.Folder != "", way{db.WayFolder, o.Folder, 0, each(s.write)})
	if o.Syslog != nil {
		add(true, way{db.WaySyslog, o.Syslog.String(), 0, each(s.syslog)})
	}
	add(o.PostURL != "", way{db.WayHTTP, hostOf(o.PostURL), 0, each(s.post)})
	if o.Mail != nil {
		add(true, way{db.WayMail, o.Mail.URL.Hostname(), mailEvery, s.mail})
	}
	if o.WitnessURL != "" {
		add(true, way{db.WayWitness, hostOf(o.WitnessURL) + " · " + o.WitnessKey.Name(), 0, each(s.witness)})
	}
	return s, nil
}

// hostOf is what of an address is shown: its path may hold a secret.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Scheme + "://" + u.Host
	}
	return ""
}

// each sends the checkpoints one by one.
func each(send func(context.Context, item) result) func(context.Context, []item) []result {
	return func(ctx context.Context, items []item) []result {
		results := make([]result, len(items))
		for i, it := range items {
			results[i] = send(ctx, it)
		}
		return results
	}
}

// Ways lists the ways that are set up.
func (s *Sender) Ways() []db.CheckpointWay {
	list := make([]db.CheckpointWay, len(s.ways))
	for i, w := range s.ways {
		list[i] = db.CheckpointWay{Name: w.name, Target: w.target}
	}
	return list
}

// Logs lists the logs whose checkpoints leave.
func (s *Sender) Logs() []*audit.Log { return s.opts.Logs }

// Run sends what is new every minute until the context ends, and once more then.
func (s *Sender) Run(ctx context.Context) error {
	if len(s.ways) == 0 {
		return nil
	}
	ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	ticker := time.NewTicker(retries[0])
	defer ticker.Stop()
	for {
		s.send(ctx)
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
			defer cancel()
			s.send(last)
			return nil
		case <-ticker.C:
		}
	}
}

func (s *Sender) send(ctx context.Context) {
	if err := s.Send(ctx); err != nil && ctx.Err() == nil {
		s.opts.Logger.ErrorContext(ctx, "checkpoints cannot be given out", "error", err)
	}
}

// Send gives the newest checkpoints to every way that is due. An error is the portal's own; what came of each way stands in the database.
func (s *Sender) Send(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	items, states, err := s.newest(ctx)
	if err != nil {
		return err
	}
	now := s.opts.Clock()
	for _, w := range s.ways {
		var due []item
		for _, it := range items {
			it.state = states[[2]string{w.name, it.c.Log()}]
			if it.c.End() != it.state.Size && !it.state.Due.After(now) {
				due = append(due, it)
			}
		}
		if err := s.give(ctx, w, due); err != nil {
			return err
		}
	}
	return nil
}

// Try gives the newest checkpoints to one way now, whether it is due or not, and returns why not; ErrNotFound where it is not set up.
func (s *Sender) Try(ctx context.Context, name string) (code string, err error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	i := slices.IndexFunc(s.ways, func(w way) bool { return w.name == name })
	if i < 0 {
		return "", db.ErrNotFound
	}
	items, states, err := s.newest(ctx)
	if err != nil {
		return "", err
	}
	for i := range items {
		items[i].state = states[[2]string{name, items[i].c.Log()}]
	}
	if err := s.give(ctx, s.ways[i], items); err != nil {
		return "", err
	}
	after, err := s.opts.DB.CheckpointStates(ctx)
	for _, state := range after {
		if state.Way == name && state.Error != "" {
			code = state.Error
		}
	}
	return code, err
}

// newest reads the newest checkpoint of each log that has events, and how far each way is.
func (s *Sender) newest(ctx context.Context) (items []item, states map[[2]string]db.CheckpointState, err error) {
	for _, log := range s.opts.Logs {
		c, err := log.Checkpoint(ctx)
		if err != nil && c.Size == 0 {
			s.opts.Logger.ErrorContext(ctx, "a checkpoint cannot be read", "error", err)
			continue // the other logs go on
		}
		if c.Size > 0 { // also when the file in the data folder could not be written
			items = append(items, item{log: log, c: c})
		}
	}
	all, err := s.opts.DB.CheckpointStates(ctx)
	states = make(map[[2]string]db.CheckpointState, len(all))
	for _, state := range all {
		states[[2]string{state.Way, state.Log}] = state
	}
	return items, states, err
}

// give sends checkpoints on a way and notes what came of it.
func (s *Sender) give(ctx context.Context, w way, items []item) error {
	if len(items) == 0 {
		return nil
	}
	trying, cancel := context.WithTimeout(ctx, tryTimeout)
	results := w.send(trying, items)
	cancel()
	if ctx.Err() != nil {
		return ctx.Err() // the program stops: it stays due
	}
	for i, r := range results {
		if err := s.note(ctx, w, items[i], r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) note(ctx context.Context, w way, it item, r result) error {
	now := s.opts.Clock()
	if r.code == "" {
		return s.opts.DB.CheckpointLeft(ctx, w.name, it.c, r.cosignature, r.partly, now.Add(max(w.every, every-every/10)))
	}
	level, text := slog.LevelWarn, "a checkpoint stayed"
	if r.code == db.CheckpointHistory {
		level, text = slog.LevelError, "ALARM: the witness saw another history of this log; somebody changed the log or put an older copy back"
	}
	s.opts.Logger.Log(ctx, level, text, "way", w.name, "to", w.target, "log", it.c.Origin, "size", it.c.Size, "reason", r.code)
	pause := retries[min(it.state.Attempts, len(retries)-1)]
	return s.opts.DB.CheckpointStayed(ctx, w.name, it.c, r.code, now.Add(pause))
}
