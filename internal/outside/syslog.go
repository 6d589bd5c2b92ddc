package outside

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
)

// priority is that of syslog's facility "log audit" (13) and severity "notice" (5).
const priority = 13*8 + 5

// syslogNil stands for what is not known (RFC 5424).
const syslogNil = "-"

// syslog sends the checkpoint as one message of RFC 5424. A datagram leaves without a receipt; over TCP the message is counted in bytes
// (RFC 6587).
func (s *Sender) syslog(ctx context.Context, it item) result {
	u := s.opts.Syslog
	address := u.Host
	if u.Scheme == "unixgram" {
		address = u.Path
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = syslogNil
	}
	message, err := syslogMessage(it.c, host, s.opts.Clock())
	if err != nil {
		return result{code: codeUnproven}
	}
	if u.Scheme == "tcp" {
		message = strconv.Itoa(len(message)) + " " + message
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, u.Scheme, address)
	if err != nil {
		return result{code: connection(err)}
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return result{code: connection(err)}
		}
	}
	if _, err := conn.Write([]byte(message)); err != nil {
		return result{code: connection(err)}
	}
	return result{}
}

// checkpointJSON is a checkpoint for programs.
type checkpointJSON struct {
	Log        string    `json:"log"`
	Size       int64     `json:"size"`
	Root       string    `json:"root"`
	Time       time.Time `json:"time"`
	PublicKey  string    `json:"publicKey,omitempty"`
	Checkpoint string    `json:"checkpoint"` // the signed note, as `sealdesk audit verify --against` takes it
}

// syslogMessage is the checkpoint as one line of ASCII: the signed note stands in JSON, its other characters escaped.
func syslogMessage(c audit.Checkpoint, host string, now time.Time) (string, error) {
	data, err := json.Marshal(checkpointJSON{Log: c.Origin, Size: c.Size, Root: c.Root.String(), Time: c.Time, Checkpoint: string(c.Text)})
	if err != nil {
		return "", err
	}
	var body strings.Builder
	for _, r := range string(data) {
		if r < 0x80 {
			body.WriteRune(r)
		} else if r < 0x10000 {
			fmt.Fprintf(&body, `\u%04x`, r)
		} else {
			body.WriteByte('?') // no origin of ours has such a character
		}
	}
	return fmt.Sprintf("<%d>1 %s %s sealdesk %d checkpoint - %s", priority, now.UTC().Format("2006-01-02T15:04:05.000000Z"), host, os.Getpid(), body.String()), nil
}
