package audit

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Problems that only an export can have, beside ProblemContent (the event and its proof do not lead to the checkpoint).
const (
	ProblemOrder      = "order"      // the event does not come after the one before it
	ProblemIncomplete = "incomplete" // the end is missing or counts other events; Seq is how many were read
	ProblemValue      = "value"      // what tells of a person is not what the event's token says, or is missing
	ProblemStatement  = "statement"  // the rows are not those that the log's signed statement tells of; Seq is how many it tells of
)

// ExportReport is what VerifyExport found.
type ExportReport struct {
	Events     int64
	Checkpoint Checkpoint
	// PublicKey is the key that the checkpoint was checked with.
	PublicKey string
	// OwnKey says that nobody gave a key, so that the one in the export itself was used: that shows no more than that the export agrees
	// with itself.
	OwnKey bool
	// Statement is what the log said that the export holds; nil of the format before there were any, of which one cannot tell whether rows
	// were left out.
	Statement *Statement
	// Erased is how many tokens have no value in the export: what they stood for is erased, or whoever gives the export keeps it back.
	Erased int
	// Against is how many kept checkpoints the export was compared with, Apart are those that it cannot be compared with: it holds not all
	// events before them, and its proofs lead to another.
	Against  int
	Apart    []Checkpoint
	Problems []Problem // the first of them
	Found    int
}

// Whole tells that the export says to hold every event that its checkpoint covers.
func (r *ExportReport) Whole() bool {
	s := r.Statement
	return s != nil && s.All && s.From == 0 && s.To >= r.Checkpoint.End()
}

// OK tells that nothing is wrong.
func (r *ExportReport) OK() bool { return r.Found == 0 }

// maxLine is the longest line of an export that is read.
const maxLine = 1 << 20

// VerifyExport checks an export of either format without the log: the checkpoint's signature by publicKey (as Log.PublicKey gives it; empty
// takes the export's own), that each event as it stands there is in the log that the checkpoint describes, and that the rows are those of the
// log's signed statement. It cannot tell whether a filter left events out. Each of kept is a file of checkpoints that were kept elsewhere,
// which the export is compared with, as far as it can be. An error says that the file is no export, or that its checkpoint or one that was
// kept is not signed by the key.
func VerifyExport(r io.Reader, publicKey string, kept ...[]byte) (ExportReport, error) {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		if _, err := in.Discard(len(byteOrderMark)); err != nil {
			return ExportReport{}, fmt.Errorf("verify the export: %w", err)
		}
	}
	x := exportCheck{key: publicKey, kept: kept, last: -1, read: newTally()}
	first, err := in.Peek(1)
	if err == nil {
		if first[0] == '{' {
			err = x.jsonl(in)
		} else {
			err = x.csv(in)
		}
	}
	if err != nil {
		return ExportReport{}, fmt.Errorf("verify the export: %w", err)
	}
	if !x.ended {
		x.add(ProblemIncomplete, x.report.Events)
	}
	x.report.Apart = x.against.apart()
	x.report.Against = len(x.against.kept) - len(x.report.Apart)
	return x.report, nil
}

type exportCheck struct {
	key    string
	last   int64
	begun  bool
	ended  bool
	old    bool // the format before there were statements
	read   *tally
	kept   [][]byte
	report ExportReport

	against comparison
}

func (x *exportCheck) add(kind string, seq int64) {
	x.report.Found++
	if len(x.report.Problems) < maxProblems {
		x.report.Problems = append(x.report.Problems, Problem{Kind: kind, Seq: seq})
	}
}

func (x *exportCheck) head(h exportHead) error {
	switch x.old = h.Format == exportFormatOldest; h.Format {
	case exportFormat, exportFormatClear, exportFormatOldest:
	default:
		return errors.New("this is no export of an audit log")
	}
	if x.key == "" {
		x.key, x.report.OwnKey = h.PublicKey, true
	}
	x.report.PublicKey = x.key
	c, err := ParseCheckpoint([]byte(h.Checkpoint), x.key)
	x.report.Checkpoint, x.begun = c, true
	for _, first := range c.breaks() {
		x.add(ProblemBreak, first)
	}
	if err != nil {
		return err
	}
	return x.compareHead(x.kept)
}

func (x *exportCheck) event(e *Event, at string, path []tlog.Hash, values map[string]Salted) {
	x.report.Events++
	x.read.add(e)
	x.values(e, values)
	if e.Seq <= x.last || x.ended {
		x.add(ProblemOrder, e.Seq)
	}
	x.last = max(x.last, e.Seq)
	first, size, root, signed := x.report.Checkpoint.of(e.Seq)
	err := errors.New("the number or the time is not of this log")
	if e.Seq >= 0 && signed && at == atText(e.Time) {
		err = tlog.CheckRecord(path, size, root, e.Seq-first, tlog.RecordHash(e.Leaf()))
	}
	if err != nil {
		x.add(ProblemContent, e.Seq)
	}
	if signed {
		x.compareEvent(e, first)
	}
}

// values holds what the export says of persons against the tokens of the event, which the tree covers.
func (x *exportCheck) values(e *Event, values map[string]Salted) {
	tokens := map[string]bool{}
	e.eachToken(func(token string) { tokens[token] = true })
	bad := len(tokens) != len(values)
	for token := range tokens {
		s, ok := values[token]
		erased := ok && s.Salt == nil && s.Value == ""
		if erased {
			x.report.Erased++
		}
		bad = bad || !ok || !erased && s.Token() != token
	}
	if bad {
		x.add(ProblemValue, e.Seq)
	}
}

func (x *exportCheck) end(e exportEnd) {
	if x.ended || e.Events != x.report.Events {
		x.add(ProblemIncomplete, x.report.Events)
	}
	if x.ended = true; x.old {
		return
	}
	s, err := parseStatement(e.Statement, x.key)
	if err == nil {
		x.report.Statement = &s
		for _, seq := range x.read.missing(&s) {
			x.add(ProblemMissing, seq)
		}
	}
	if err != nil || s.Events != x.read.events || s.digest != x.read.digest() {
		x.add(ProblemStatement, s.Events)
	}
}

func (x *exportCheck) jsonl(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if !x.begun {
			var h exportHead
			if err := json.Unmarshal(line, &h); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			if err := x.head(h); err != nil {
				return err
			}
			continue
		}
		var row struct {
			exportEvent
			exportEnd
		}
		row.Seq = -1
		if err := strictJSON(line, &row); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if row.End {
			x.end(row.exportEnd)
			continue
		}
		x.event(row.event(), row.At, row.Proof, row.Values)
	}
	return lines.Err()
}

// strictJSON refuses what would be read by nobody and therefore checked by nobody.
func strictJSON(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (x *exportEvent) event() *Event {
	e := &Event{Seq: x.Seq, Actor: Actor{x.Actor, x.Role, x.Session, x.IP, x.UserAgent, x.RequestID}, Action: x.Action,
		ObjectType: x.ObjectType, ObjectID: x.ObjectID, Outcome: x.Outcome, ErrorCode: x.ErrorCode, PlatformRequestID: x.PlatformRequestID,
		DetailText: x.Detail}
	e.Time, e.Duration = time.UnixMicro(x.Time).UTC(), time.Duration(x.Duration)*time.Microsecond
	return e
}

func (x *exportCheck) csv(r io.Reader) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord = 0 // all rows have as many as the first
	in.ReuseRecord = true
	for n := 1; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) && n > 2 {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range row {
			row[i] = unguard(row[i])
		}
		switch {
		case n == 1: // the names of the columns
			if row[0] != columnNames[0] || len(row) != csvWidth && len(row) != csvWidth-1 {
				return errors.New("this is no export of an audit log")
			}
		case n == 2:
			if row[0] != csvCheckpoint {
				return errors.New("this is no export of an audit log")
			}
			if err := x.head(exportHead{row[1], row[2], row[3]}); err != nil {
				return err
			}
		case row[0] == csvEnd:
			events, err := strconv.ParseInt(row[1], 10, 64)
			if err != nil {
				return fmt.Errorf("row %d: %w", n, err)
			}
			x.end(exportEnd{true, events, row[2]})
		default:
			if err := x.csvEvent(row); err != nil {
				return fmt.Errorf("row %d: %w", n, err)
			}
		}
	}
}

func (x *exportCheck) csvEvent(row []string) error {
	var numbers [3]int64
	for i, column := range []int{0, columnTime, columnDetail - 1} {
		var err error
		if numbers[i], err = strconv.ParseInt(row[column], 10, 64); err != nil {
			return err
		}
	}
	e := exportEvent{Seq: numbers[0], Time: numbers[1], Actor: row[2], Role: row[3], Session: row[4], IP: row[5], UserAgent: row[6],
		Action: row[7], ObjectType: row[8], ObjectID: row[9], Outcome: row[10], ErrorCode: row[11], RequestID: row[12],
		PlatformRequestID: row[13], Duration: numbers[2], Detail: row[columnDetail], At: row[columnCount]}
	for text := range strings.FieldsSeq(row[columnCount+1]) {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return err
		}
		e.Proof = append(e.Proof, h)
	}
	if len(row) == csvWidth && row[csvWidth-1] != "" {
		if err := strictJSON([]byte(row[csvWidth-1]), &e.Values); err != nil {
			return err
		}
	}
	x.event(e.event(), e.At, e.Proof, e.Values)
	return nil
}
