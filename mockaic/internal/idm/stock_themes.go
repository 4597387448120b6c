package idm

import (
	"maps"

	"aicmcp/mockaic/internal/store"
)

// stockThemes are two per realm, each with the settings that newer tenants have.
func stockThemes() store.Object {
	return property{"realm": property{
		"alpha": []any{
			starterTheme("5d5ee0f7-3f0c-4a8e-9c36-1b7be3a1c0a4"),
			contrastTheme("c1d0f7a2-6a57-4d0b-8e0e-2f54b9a6d713"),
		},
		"bravo": []any{
			starterTheme("8a3c2b16-94d5-4e7f-b1a8-60c7d2e5f938"),
			contrastTheme("e7b49d05-1c8f-4f3a-a6d2-93f0b5c81e67"),
		},
	}}
}

func starterTheme(id string) property {
	return with(themeSettings(), property{
		"_id": id, "name": "Starter Theme", "isDefault": true,
		"backgroundColor": "#324054", "buttonRounded": 5,
		"linkColor": "#0070b3", "linkActiveColor": "#004067", "primaryColor": "#324054", "primaryOffColor": "#242E3C",
		"profileBackgroundColor": "#ffffff", "profileMenuHighlightColor": "#f6f8fa", "profileMenuHoverColor": "#f6f8fa", "profileMenuHoverTextColor": "#455469",
		"favicon": starterLogo, "logo": starterLogo, "logoAltText": "Logo", "logoHeight": "56",
		"logoProfile": "https://cdn.forgerock.com/platform/themes/starter/logo-starter-full.svg", "logoProfileAltText": "Logo", "logoProfileHeight": "24",
		"logoProfileCollapsed": starterLogo, "logoProfileCollapsedAltText": "Logo", "logoProfileCollapsedHeight": "28",
	})
}

func contrastTheme(id string) property {
	return with(themeSettings(), property{
		"_id": id, "name": "Contrast", "isDefault": false,
		"backgroundColor": "#FFFFFF", "bodyText": "#000000", "buttonRounded": "0", "switchBackgroundColor": "#939393",
		"linkColor": "#000000", "linkActiveColor": "#000000", "primaryColor": "#000000", "primaryOffColor": "#000000",
		"profileBackgroundColor": "#FFFFFF", "profileMenuHighlightColor": "#FFFFFF", "profileMenuHoverColor": "#FFFFFF", "profileMenuHoverTextColor": "#000000",
		"accountCardInputSelectColor": "#edf7fd",
		"favicon":                     "", "logo": contrastLogo, "logoAltText": "Contrast", "logoHeight": "72",
		"logoProfile": contrastLogo, "logoProfileAltText": "Contrast", "logoProfileHeight": "22",
		"logoProfileCollapsed": contrastLogo, "logoProfileCollapsedAltText": "", "logoProfileCollapsedHeight": "22",
	})
}

const (
	starterLogo  = "https://cdn.forgerock.com/platform/themes/starter/logo-starter.svg"
	contrastLogo = "https://cdn.forgerock.com/platform/themes/contrast/logo-contrast.svg"
	themeFooter  = `<div class="d-flex justify-content-center py-4"><a href="#" class="text-body">Privacy</a></div>`
	themeHeader  = `<div class="d-flex justify-content-center py-4">Header</div>`
)

// themeSettings are the settings that the stock themes have alike, from
// recordings 905488b0dd9d and 8185c75f7957.
func themeSettings() property {
	settings := property{
		"accountCardShadow": 3, "journeyCardShadow": 3, "journeyCardBorderRadius": 4,
		"fontFamily": "Open Sans", "backgroundImage": "", "linkedTrees": []any{},
		"accountFooter": themeFooter, "accountFooterScriptTag": "", "accountPageSections": accountPageSections(),
		"journeyFooter": themeFooter, "journeyFooterScriptTag": "", "journeyHeader": themeHeader,
		"journeyFocusElement": "header", "journeyJustifiedContent": "", "journeyLayout": "card",
		"journeyRememberMeLabel": "", "journeySignInButtonPosition": "flex-column",
		"journeyA11yAddFallbackErrorHeading": true, "journeyFloatingLabels": true, "logoEnabled": true,
	}
	for _, name := range words("accountFooterEnabled accountFooterScriptTagEnabled boldLinks journeyFocusFirstFocusableItemEnabled journeyFooterEnabled " +
		"journeyFooterScriptTagEnabled journeyHeaderEnabled journeyHeaderSkipLinkEnabled journeyJustifiedContentEnabled " +
		"journeyJustifiedContentMobileViewEnabled journeyRememberMeEnabled journeyTheaterMode") {
		settings[name.(string)] = false
	}
	for color, names := range themeColors {
		for _, name := range words(names) {
			settings[name.(string)] = color
		}
	}
	maps.Copy(settings, cardColors("accountCard"))
	maps.Copy(settings, cardColors("journey"))
	return settings
}

var themeColors = map[string]string{
	"#000000": "accountCardInputFocusBorderColor journeyInputFocusBorderColor",
	"#0672cb": "buttonFocusBorderColor",
	"#0a6eab": "linkActiveColorOnDark",
	"#109cf1": "accountCardTabActiveBorderColor infoColor linkColorOnDark",
	"#23282e": "accountCardHeaderColor darkColor journeyCardTitleColor pageTitle topBarHeaderColor",
	"#2ed47a": "successColor",
	"#455469": "accountNavigationTextColor profileMenuTextHighlightColor",
	"#5e6d82": "accountCardTextColor bodyText journeyCardTextColor",
	"#69788b": "secondaryColor topBarTextColor",
	"#c0c9d5": "switchBackgroundColor",
	"#e4f4fd": "accountCardTabActiveColor",
	"#e7eef4": "accountCardInnerBorderColor accountCardOuterBorderColor accountNavigationToggleBorderColor topBarBorderColor",
	"#f6f8fa": "accountCardInputSelectHoverColor accountTableRowHoverColor journeyInputSelectHoverColor lightColor",
	"#f7685b": "dangerColor",
	"#ffb946": "warningColor",
	"#ffffff": "accountCardBackgroundColor accountNavigationBackgroundColor journeyCardBackgroundColor journeyCardHeaderBackgroundColor textColor topBarBackgroundColor",
}

// cardColors are those of the input fields, on the account's cards and in journeys.
func cardColors(place string) property {
	return property{
		place + "InputBackgroundColor": "#ffffff",
		place + "InputBorderColor":     "#c0c9d5",
		place + "InputLabelColor":      "#5e6d82",
		place + "InputSelectColor":     "#e4f4fd",
		place + "InputTextColor":       "#23282e",
	}
}

func accountPageSections() property {
	on, off := property{"enabled": true}, property{"enabled": false}
	return property{
		"accountControls": off, "consent": off, "oauthApplications": off, "preferences": off, "social": off,
		"personalInformation": on, "trustedDevices": on,
		"accountSecurity": property{"enabled": true, "subsections": property{
			"password": on, "securityQuestions": off, "twoStepVerification": on, "username": on,
		}},
	}
}
