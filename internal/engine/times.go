package engine

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"
)

// chinaTime is the zone of dates in contracts. China has one zone and no summer time.
var chinaTime = time.FixedZone("CST", 8*60*60)

// unix is a time on the wire: seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// newID is 32 hex digits, as the platform's ids are.
func newID() (string, error) {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return hex.EncodeToString(raw[:]), nil
}
