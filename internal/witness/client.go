package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/audit"
)

// Errors of Client.Post, apart from those of the connection.
var (
	// ErrOtherHistory says that the witness has signed a history of the log that this one does not continue.
	ErrOtherHistory = errors.New("the witness saw another history of this log")
	// ErrUnknownLog says that the witness was not told of the log.
	ErrUnknownLog = errors.New("the witness does not know this log")
	// ErrUnknownKey says that the witness knows the log with another key.
	ErrUnknownKey = errors.New("the witness knows this log with another key")
	// ErrAnswer says that the answer is none of a witness, or that its signature is not of the key that is set.
	ErrAnswer = errors.New("the answer is not signed by the witness")
	// ErrProof says that the log cannot prove that it grew from what the witness signed: its hashes are damaged.
	ErrProof = errors.New("the log cannot prove that it only grew")
	// ErrStatus says that the witness answered neither yes nor no.
	ErrStatus = errors.New("the witness cannot answer now")
)

// Log is what a witness asks of a log: proofs of consistency of its beginnings with a checkpoint.
type Log interface {
	Consistency(ctx context.Context, old int64, c audit.Checkpoint) (tlog.TreeProof, error)
}

// Client asks a witness. All fields must be set.
type Client struct {
	URL  string // of the witness, what stands before /add-checkpoint
	Key  *Verifier
	HTTP *http.Client
}

// Post asks the witness to sign c, a checkpoint of log, of which it signed one of old events before (0 where that is not known), and returns
// its signature line, checked.
func (w *Client) Post(ctx context.Context, log Log, old int64, c audit.Checkpoint) (line string, err error) {
	old = min(old, c.Size)
	for range 2 {
		status, body, err := w.ask(ctx, log, old, c)
		if err != nil {
			return "", err
		}
		switch status {
		case http.StatusOK:
			return w.signature(c, body)
		case http.StatusNotFound:
			return "", ErrUnknownLog
		case http.StatusForbidden:
			return "", ErrUnknownKey
		case http.StatusUnprocessableEntity:
			return "", ErrOtherHistory
		case http.StatusConflict:
			size, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
			switch {
			case err != nil || size < 0:
				return "", ErrAnswer
			case size > c.Size || size == old: // it signed more than there is, or the same size with another root hash
				return "", ErrOtherHistory
			}
			old = size // an answer was lost, or somebody else asked: once more from where the witness stands
		default:
			return "", fmt.Errorf("%w: status %d", ErrStatus, status)
		}
	}
	return "", fmt.Errorf("%w: its size changed meanwhile", ErrStatus)
}

func (w *Client) ask(ctx context.Context, log Log, old int64, c audit.Checkpoint) (status int, body []byte, err error) {
	proof, err := log.Consistency(ctx, old, c)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	r := request{old, proof, c.Text}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+addPath, bytes.NewReader(r.format()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("User-Agent", "Sealdesk")
	resp, err := w.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return resp.StatusCode, body, errors.Join(err, resp.Body.Close())
}

// signature finds the line of the witness in its answer.
func (w *Client) signature(c audit.Checkpoint, body []byte) (string, error) {
	return FindSignature(append(c.Text[:len(c.Text):len(c.Text)], body...), w.Key)
}

// FindSignature returns the signature line of a witness under a checkpoint; ErrAnswer when there is none that is valid.
func FindSignature(checkpoint []byte, key *Verifier) (string, error) {
	n, err := note.Open(checkpoint, note.VerifierList(key))
	if err != nil || len(n.Sigs) == 0 {
		return "", ErrAnswer
	}
	s := n.Sigs[0]
	return "— " + s.Name + " " + s.Base64 + "\n", nil
}
