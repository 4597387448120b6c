package session_test

import (
	"encoding/base64"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic/internal/session"
)

func newStore(now *time.Time) *session.Store {
	return session.New(session.Options{Chance: rand.NewChaCha8([32]byte{}), Now: func() time.Time { return *now }, CookieName: "c"})
}

func TestTokensAreNamedAsByAM(t *testing.T) {
	now := time.Unix(0, 0)
	made := newStore(&now).Start(t.Context(), session.Login{Realm: "/alpha", UserID: "u"})
	parts := regexp.MustCompile(`^[\w-]{27}\.\*(AAJTSQACMDIAAlNLAB[wx][\w-]+AAR0eXBlAANDVFMAAlMxAAIwMQ\.\.)\*$`).FindStringSubmatch(made.Token)
	if parts == nil {
		t.Fatalf("the token is %s", made.Token)
	}
	decoded, err := base64.URLEncoding.DecodeString(strings.ReplaceAll(parts[1], ".", "="))
	if err != nil || !strings.Contains(string(decoded), "\x00\x04type\x00\x03CTS") {
		t.Errorf("the token says %q, %v", decoded, err)
	}
	if made.UniversalID() != "id=u,ou=user,o=alpha,ou=services,ou=am-config" || !regexp.MustCompile(`^[0-9a-f-]{36}-1$`).MatchString(made.Context) {
		t.Errorf("the session is %+v", made)
	}
}

func TestSessionsEnd(t *testing.T) {
	now := time.Unix(0, 0)
	sessions := newStore(&now)
	usual := sessions.Start(t.Context(), session.Login{Realm: "/alpha"}).Token
	short := sessions.Start(t.Context(), session.Login{Realm: "/alpha", Lifetime: time.Hour, Idle: time.Minute}).Token
	now = now.Add(time.Minute)
	if _, ok := sessions.Use(short); ok {
		t.Error("the short session outlives its minute")
	}
	for range 5 {
		now = now.Add(20 * time.Minute)
		if _, ok := sessions.Use(usual); !ok {
			t.Fatal("the session ended early")
		}
	}
	if all := sessions.All("/alpha"); len(all) != 1 || all[0].Token != usual || len(sessions.All("/bravo")) != 0 {
		t.Errorf("the sessions are %v", all)
	}
	now = now.Add(10 * time.Minute)
	if _, ok := sessions.Find(usual); !ok {
		t.Fatal("the session ended early")
	}
	now = now.Add(10 * time.Minute)
	if _, ok := sessions.Find(usual); ok || sessions.Stop(t.Context(), usual) {
		t.Error("the session outlives two hours")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	sessions := newStore(&now)
	for range 20_100 {
		sessions.Start(t.Context(), session.Login{Realm: "/"})
	}
	if all := sessions.All("/"); len(all) != 20_000 {
		t.Errorf("%d sessions are remembered", len(all))
	}
}
