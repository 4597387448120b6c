package themes

// kind is what a field's value must be.
type kind string

const (
	title    kind = "name"
	colour   kind = "colour"
	link     kind = "link"
	markup   kind = "html"
	text     kind = "text"
	choice   kind = "choice"
	pixels   kind = "pixels"
	integer  kind = "integer"
	boolean  kind = "boolean"
	journeys kind = "journeys"
	sections kind = "sections"
)

// kinds tells a caller what each kind takes.
var kinds = map[kind]string{
	title:    "a name without blanks at its ends, and without \" < > \\ and what does not show",
	colour:   "#rrggbb",
	link:     "an http or https URL, or a data:image URI of up to 500000 characters; empty for none",
	markup:   "HTML",
	text:     "text",
	choice:   "one of enum",
	pixels:   "a whole number of CSS pixels from minimum to maximum, as a number or as digits in a string; stored as a string",
	integer:  "a whole number from minimum to maximum",
	boolean:  "true or false",
	journeys: "an array of names of journeys, each of up to 100 characters",
	sections: "an object; see its description",
}

// longest is how many characters a value of a kind may have. Browsers and the
// tenant take more, but not gladly.
var longest = map[kind]int{title: 100, text: 1000, link: 2000, markup: 200_000}

// longestImage is that of an image in a link.
const longestImage = 500_000

// field declares one field of a theme, for the schema and for the check alike.
type field struct {
	Name      string   `json:"name"`
	Kind      kind     `json:"kind"`
	Group     string   `json:"group"`
	Required  bool     `json:"required,omitempty" jsonschema:"filled with the default when left out of a new theme"`
	Default   any      `json:"default,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	Minimum   *int     `json:"minimum,omitempty"`
	Maximum   *int     `json:"maximum,omitempty"`
	MaxLength int      `json:"maxLength,omitempty" jsonschema:"in characters"`
	Localized bool     `json:"localized,omitempty" jsonschema:"may also be an object from locale to value"`
	About     string   `json:"description"`
}

// The groups follow the tabs of the admin console's editor.
const (
	general       = "general"
	global        = "global"
	journeyPage   = "journeyPage"
	journeyCard   = "journeyCard"
	journeyLayout = "journeyLayout"
	accountPage   = "accountPage"
	accountCard   = "accountCard"
	accountLayout = "accountLayout"
)

var groups = []any{general, global, journeyPage, journeyCard, journeyLayout, accountPage, accountCard, accountLayout}

// set are the fields of one group and kind.
func set(group string, k kind, fields ...field) []field {
	for i := range fields {
		fields[i].Group, fields[i].Kind, fields[i].MaxLength = group, k, longest[k]
	}
	return fields
}

// always is a field that all recorded themes have, newer one that only some do.
func always(name string, value any, about string) field {
	return field{Name: name, Required: true, Default: value, About: about}
}

func newer(name string, value any, about string) field {
	return field{Name: name, Default: value, About: about}
}

func (f field) among(values ...string) field { f.Enum = values; return f }

func (f field) from(least, most int) field { f.Minimum, f.Maximum = &least, &most; return f }

func localized(fields ...field) []field {
	for i := range fields {
		fields[i].Localized = true
	}
	return fields
}

const cdn = "https://cdn.forgerock.com/platform/themes/starter/"

// concat is append for a declaration.
func concat(sets ...[]field) []field {
	var out []field
	for _, s := range sets {
		out = append(out, s...)
	}
	return out
}

// fields declares a theme. Names, types and defaults are those of recorded
// themes; where a field has no range on record, it is wider than the console's.
func fields() []field {
	return concat(
		set(general, title, field{Name: "name", Required: true, About: "the theme's name, unique in its realm; it has no default"}),
		set(general, journeys, always("linkedTrees", []any{}, "journeys that are shown in this theme instead of the realm's default")),
		set(general, link, localized(always("favicon", cdn+"logo-starter.svg", "icon of the browser's tab"))...),

		set(global, colour,
			always("primaryColor", "#324054", "the brand's colour: buttons, focus, the selected"),
			always("primaryOffColor", "#242e3c", "primary colour while pressed or hovered over"),
			newer("secondaryColor", "#69788b", "secondary buttons and marks"),
			newer("successColor", "#2ed47a", "what went well"),
			newer("dangerColor", "#f7685b", "errors and what deletes"),
			newer("warningColor", "#ffb946", "warnings"),
			newer("infoColor", "#109cf1", "information"),
			newer("lightColor", "#f6f8fa", "light surfaces"),
			newer("darkColor", "#23282e", "dark surfaces"),
			always("textColor", "#ffffff", "text on primary buttons"),
			newer("buttonFocusBorderColor", "#0672cb", "border of a button that has the focus"),
			always("linkColor", "#109cf1", "links"),
			always("linkActiveColor", "#0c85cf", "links while pressed or hovered over"),
			newer("linkColorOnDark", "#109cf1", "links on a dark surface"),
			newer("linkActiveColorOnDark", "#0a6eab", "links on a dark surface while pressed or hovered over"),
			newer("switchBackgroundColor", "#939393", "a switch that is off"),
		),
		set(global, boolean, newer("boldLinks", false, "links in bold")),
		set(global, pixels, always("buttonRounded", "5", "radius of the buttons' corners").from(0, 100)),
		set(global, text, newer("fontFamily", "Open Sans", "CSS font family")),

		set(journeyPage, colour, always("backgroundColor", "#324054", "background of journey pages")),
		set(journeyPage, link, always("backgroundImage", "", "image on the background of journey pages")),
		set(journeyPage, boolean,
			always("journeyTheaterMode", false, "background darkened around the card"),
			newer("logoEnabled", true, "logo shown on journey pages"),
			newer("journeyRememberMeEnabled", false, "a box to remember the user name"),
			newer("journeyA11yAddFallbackErrorHeading", true, "a heading for screen readers on error pages that lack one"),
			newer("journeyFocusFirstFocusableItemEnabled", false, "focus on the first field when a page opens"),
		),
		set(journeyPage, link, localized(always("logo", "", "logo on journey pages"))...),
		set(journeyPage, text, localized(
			always("logoAltText", "", "the logo in words"),
			newer("journeyRememberMeLabel", "", "label of the box to remember the user name"),
		)...),
		set(journeyPage, pixels, always("logoHeight", "40", "height of the logo").from(1, 1000)),

		set(journeyCard, colour,
			newer("journeyCardBackgroundColor", "#ffffff", "the card"),
			newer("journeyCardHeaderBackgroundColor", "#ffffff", "the card's head"),
			newer("journeyCardTitleColor", "#23282e", "the card's title"),
			newer("journeyCardTextColor", "#5e6d82", "the card's text"),
			newer("journeyInputBackgroundColor", "#ffffff", "input fields"),
			newer("journeyInputBorderColor", "#c0c9d5", "border of input fields"),
			newer("journeyInputFocusBorderColor", "#324054", "border of the input field that has the focus"),
			newer("journeyInputLabelColor", "#5e6d82", "labels of input fields"),
			newer("journeyInputTextColor", "#23282e", "text in input fields"),
			newer("journeyInputSelectColor", "#e4f4fd", "the selected option of a list"),
			newer("journeyInputSelectHoverColor", "#f6f8fa", "an option of a list while hovered over"),
		),
		set(journeyCard, integer,
			newer("journeyCardShadow", 3, "depth of the card's shadow").from(0, 100),
			newer("journeyCardBorderRadius", 4, "radius of the card's corners in pixels").from(0, 100),
		),
		set(journeyCard, boolean,
			newer("journeyFloatingLabels", true, "labels inside the input fields until they are filled"),
			newer("journeyShowAsteriskForRequiredFields", false, "an asterisk on required fields"),
		),

		set(journeyLayout, choice,
			always("journeyLayout", "card", "a card in the middle, or the form on one side of the page").among("card", "justified-left", "justified-right"),
			newer("journeySignInButtonPosition", "flex-column", "the button as wide as the card, or where it stands in its row").among("flex-column", "justify-content-start", "justify-content-center", "justify-content-end"),
			newer("journeyFocusElement", "header", "where the keyboard's focus is on a new page").among("header", "headerFirstStep", "content"),
		),
		set(journeyLayout, boolean,
			always("journeyJustifiedContentEnabled", false, "journeyJustifiedContent shown"),
			newer("journeyJustifiedContentMobileViewEnabled", false, "journeyJustifiedContent shown on small screens too"),
			always("journeyHeaderEnabled", false, "journeyHeader shown"),
			newer("journeyHeaderSkipLinkEnabled", false, "a link for keyboards to skip the header"),
			always("journeyFooterEnabled", false, "journeyFooter shown"),
			newer("journeyFooterScriptTagEnabled", false, "journeyFooterScriptTag used"),
		),
		set(journeyLayout, markup, localized(
			always("journeyJustifiedContent", "", "what stands beside the form in a justified layout"),
			always("journeyHeader", "", "header of journey pages"),
			always("journeyFooter", "", "footer of journey pages"),
		)...),
		set(journeyLayout, markup, newer("journeyFooterScriptTag", "", "script elements at the end of journey pages")),

		set(accountPage, colour,
			newer("accountNavigationBackgroundColor", "#ffffff", "the navigation"),
			newer("accountNavigationTextColor", "#455469", "text of the navigation"),
			newer("accountNavigationToggleBorderColor", "#e7eef4", "border of the button that folds the navigation"),
			always("profileBackgroundColor", "#f6f8fa", "background of account pages"),
			always("profileMenuHighlightColor", "#f3f5f8", "the menu's selected item"),
			always("profileMenuTextHighlightColor", "#455469", "text of the menu's selected item"),
			always("profileMenuHoverColor", "#f3f5f8", "a menu item while hovered over"),
			always("profileMenuHoverTextColor", "#455469", "text of a menu item while hovered over"),
			newer("topBarBackgroundColor", "#ffffff", "the bar at the top"),
			newer("topBarBorderColor", "#e7eef4", "border of the bar at the top"),
			newer("topBarHeaderColor", "#23282e", "heading in the bar at the top"),
			newer("topBarTextColor", "#69788b", "text in the bar at the top"),
			newer("pageTitle", "#23282e", "titles of account pages"),
			newer("bodyText", "#23282e", "text of account pages"),
			newer("accountTableRowHoverColor", "#f6f8fa", "a row of a table while hovered over"),
		),

		set(accountCard, colour,
			newer("accountCardBackgroundColor", "#ffffff", "cards"),
			newer("accountCardOuterBorderColor", "#e7eef4", "border around a card"),
			newer("accountCardInnerBorderColor", "#e7eef4", "lines inside a card"),
			newer("accountCardHeaderColor", "#23282e", "headings of cards"),
			newer("accountCardTextColor", "#5e6d82", "text of cards"),
			newer("accountCardTabActiveColor", "#e4f4fd", "the open tab"),
			newer("accountCardTabActiveBorderColor", "#109cf1", "border of the open tab"),
			newer("accountCardInputBackgroundColor", "#ffffff", "input fields"),
			newer("accountCardInputBorderColor", "#c0c9d5", "border of input fields"),
			newer("accountCardInputFocusBorderColor", "#324054", "border of the input field that has the focus"),
			newer("accountCardInputLabelColor", "#5e6d82", "labels of input fields"),
			newer("accountCardInputTextColor", "#23282e", "text in input fields"),
			newer("accountCardInputSelectColor", "#e4f4fd", "the selected option of a list"),
			newer("accountCardInputSelectHoverColor", "#f6f8fa", "an option of a list while hovered over"),
		),
		set(accountCard, integer, newer("accountCardShadow", 3, "depth of the cards' shadow").from(0, 100)),

		set(accountLayout, link, localized(
			always("logoProfile", "", "logo on account pages"),
			always("logoProfileCollapsed", "", "logo on account pages while the navigation is folded"),
		)...),
		set(accountLayout, text, localized(
			always("logoProfileAltText", "", "the logo in words"),
			always("logoProfileCollapsedAltText", "", "the folded navigation's logo in words"),
		)...),
		set(accountLayout, pixels,
			always("logoProfileHeight", "40", "height of the logo").from(1, 1000),
			newer("logoProfileCollapsedHeight", "28", "height of the folded navigation's logo").from(1, 1000),
		),
		set(accountLayout, boolean,
			always("accountFooterEnabled", false, "accountFooter shown"),
			newer("accountFooterScriptTagEnabled", false, "accountFooterScriptTag used"),
		),
		set(accountLayout, markup, localized(always("accountFooter", "", "footer of account pages"))...),
		set(accountLayout, markup, newer("accountFooterScriptTag", "", "script elements at the end of account pages")),
		set(accountLayout, sections, newer("accountPageSections", defaultSections(), "which parts of the profile page are shown; replaced as a whole")),
	)
}

func defaultSections() map[string]any {
	shown := func(yes bool) map[string]any { return map[string]any{"enabled": yes} }
	security := shown(true)
	security["subsections"] = map[string]any{
		"username": shown(true), "password": shown(true), "securityQuestions": shown(false), "twoStepVerification": shown(true),
	}
	return map[string]any{
		"personalInformation": shown(true), "accountSecurity": security, "social": shown(false), "trustedDevices": shown(true),
		"oauthApplications": shown(false), "preferences": shown(false), "consent": shown(false), "accountControls": shown(false),
	}
}
