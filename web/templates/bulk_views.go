package templates

// maxProblems is how many problems of a file a page lists.
const maxProblems = 200

// done is how many rows need nothing any more.
func (c BatchCounts) done() int { return c.Sent + c.Failed + c.Cancelled }

func (d BatchData) failedURL() string {
	if d.Counts.Failed == 0 {
		return ""
	}
	return "/bulk/" + d.ID + "?state=failed"
}

func batchKind(state string) string {
	return map[string]string{"ready": "info", "running": "wait", "paused": "neutral", "cancelled": "neutral", "done": "ok"}[state]
}

func rowKind(state string) string {
	return map[string]string{"waiting": "neutral", "sending": "wait", "sent": "ok", "failed": "danger", "cancelled": "neutral"}[state]
}
