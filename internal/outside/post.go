package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"sealdesk/internal/db"
	"sealdesk/internal/notices"
	"sealdesk/internal/witness"
)

// post sends the checkpoint to the HTTP address, signed as webhooks are. Its delivery id names log and size: it stays the same when it is
// repeated.
func (s *Sender) post(ctx context.Context, it item) result {
	body, err := json.Marshal(checkpointJSON{it.c.Origin, it.c.Size, it.c.Root.String(), it.c.Time, it.log.PublicKey(), string(it.c.Text)})
	if err != nil {
		return result{code: codeUnproven}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.PostURL, bytes.NewReader(body))
	if err != nil {
		return result{code: codeUnreachable}
	}
	stamp := strconv.FormatInt(s.opts.Clock().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sealdesk")
	req.Header.Set(notices.HeaderDelivery, fmt.Sprintf("%s@%d", it.c.Origin, it.c.Size))
	req.Header.Set(notices.HeaderTimestamp, stamp)
	req.Header.Set(notices.HeaderSignature, notices.Signature(s.opts.PostSecret, stamp, body))
	resp, err := s.http.Do(req)
	if err != nil {
		return result{code: connection(err)}
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return result{code: connection(err)}
	}
	if resp.StatusCode/100 != 2 {
		return result{code: codeStatus}
	}
	return result{}
}

// witness asks the witness for its signature.
func (s *Sender) witness(ctx context.Context, it item) result {
	client := witness.Client{URL: s.opts.WitnessURL, Key: s.opts.WitnessKey, HTTP: s.http}
	line, err := client.Post(ctx, it.log, max(0, it.state.Size-it.c.First), it.c)
	switch {
	case err == nil:
		return result{cosignature: line}
	case errors.Is(err, witness.ErrOtherHistory):
		return result{code: db.CheckpointHistory}
	case errors.Is(err, witness.ErrUnknownLog):
		return result{code: codeUnknownLog}
	case errors.Is(err, witness.ErrUnknownKey):
		return result{code: codeUnknownKey}
	case errors.Is(err, witness.ErrAnswer):
		return result{code: codeAnswer}
	case errors.Is(err, witness.ErrProof):
		return result{code: codeUnproven}
	case errors.Is(err, witness.ErrStatus):
		return result{code: codeStatus}
	}
	return result{code: connection(err)}
}
