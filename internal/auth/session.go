package auth

import "time"

// The policy of sessions.
const (
	SessionIdle     = 30 * time.Minute // ends a session that nobody used
	SessionAbsolute = 12 * time.Hour   // ends a session however much it is used
	SessionTouch    = time.Minute      // a session's last use is written at most this often
)
