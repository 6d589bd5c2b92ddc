package console

import (
	"errors"
	"net/http"
	"strconv"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// pageSize is how many rows a list shows.
const pageSize = 50

func (s *server) listCallbacks(w http.ResponseWriter, r *http.Request) error {
	return s.callbackPage(w, r, false)
}

// showCallbackKeys shows the list with token and key. It is a POST, so that no history or log of addresses leads to them.
func (s *server) showCallbackKeys(w http.ResponseWriter, r *http.Request) error {
	return s.callbackPage(w, r, true)
}

func (s *server) callbackPage(w http.ResponseWriter, r *http.Request, keysToo bool) error {
	before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		before = 0
	}
	list, err := s.engine.Callbacks(r.Context(), before, pageSize+1)
	if err != nil {
		return err
	}
	keys, err := s.engine.CallbackKeys(r.Context())
	if err != nil {
		return err
	}
	d := templates.ConsoleCallbacks{Shown: keysToo, Encrypted: keys.Key != ""}
	if keysToo {
		d.Token, d.Key = keys.Token, keys.Key
	}
	if before != 0 {
		d.Paging.First = Prefix + "callbacks"
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		d.Paging.Next = Prefix + "callbacks?before=" + strconv.FormatInt(list[pageSize-1].Seq, 10)
	}
	for _, c := range list {
		d.Rows = append(d.Rows, callbackRow(c))
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{Active: "callbacks"}, templates.ConsoleCallbackList(d))
}

func callbackRow(c engine.Callback) templates.ConsoleCallback {
	return templates.ConsoleCallback{URL: Prefix + "callbacks/" + strconv.FormatInt(c.Seq, 10), Seq: c.Seq, FlowID: c.FlowID, Address: c.URL,
		Operate: c.Operate, State: c.State, Attempts: c.Attempts, Due: c.Due, Created: c.Created, Delivered: c.Delivered}
}

func (s *server) encryptCallbacks(w http.ResponseWriter, r *http.Request) error {
	if err := s.engine.EncryptCallbacks(r.Context(), r.PostFormValue("on") == "1"); err != nil {
		return err
	}
	return done(w, r, "callbacks", "saved")
}

// callback finds the one that the path names.
func (s *server) callback(r *http.Request) (engine.Callback, error) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		return engine.Callback{}, errNoPage
	}
	c, err := s.engine.FindCallback(r.Context(), seq)
	if errors.Is(err, engine.ErrCallbackUnknown) {
		err = errNoPage
	}
	return c, err
}

func (s *server) showCallback(w http.ResponseWriter, r *http.Request) error {
	c, err := s.callback(r)
	if err != nil {
		return err
	}
	d := templates.ConsoleCallbackDetail{ConsoleCallback: callbackRow(c), ID: c.ID, SignID: c.SignID, Body: c.Body}
	for _, t := range c.Tries {
		d.Tries = append(d.Tries, templates.ConsoleTry{Number: t.Attempt, At: t.Time, Took: t.Duration, Status: t.Status, Problem: t.Problem})
	}
	text := i18n.T(r.Context(), "console.callback.redeliver")
	return s.show(w, r, http.StatusOK, templates.ConsoleData{
		Title: c.Operate, Active: "callbacks", Back: &templates.Link{URL: Prefix + "callbacks", Text: i18n.T(r.Context(), "console.nav.callbacks")},
		Action: templates.PostButton(d.URL+"/redeliver", text, "refresh", "primary"),
	}, templates.ConsoleCallbackPage(d))
}

func (s *server) redeliver(w http.ResponseWriter, r *http.Request) error {
	c, err := s.callback(r)
	if err != nil {
		return err
	}
	if err := s.engine.Redeliver(r.Context(), c.Seq); err != nil {
		return err
	}
	return done(w, r, "callbacks/"+strconv.FormatInt(c.Seq, 10), "redelivered")
}
