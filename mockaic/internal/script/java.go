package script

import (
	"strings"
	"unicode"

	"github.com/dop251/goja"
)

// javaPackages are the names that Java's packages begin with.
var javaPackages = []string{"com", "java", "javax", "org"}

// bindJava lets a legacy script reach the classes that its caller knows.
func (r *run) bindJava() {
	global := r.vm.GlobalObject()
	for _, name := range javaPackages {
		check(global.Set(name, r.vm.NewDynamicObject(javaPackage{r, name})))
	}
	check(global.Set("Packages", r.vm.NewDynamicObject(javaPackage{r, ""})))
	check(global.Set("JavaImporter", func(c goja.ConstructorCall) *goja.Object {
		r.tick()
		imported := r.vm.NewObject()
		for _, class := range c.Arguments {
			for name, known := range r.script.Classes {
				if r.hosts[class.ToObject(r.vm)] == known {
					check(imported.Set(name[strings.LastIndexByte(name, '.')+1:], class))
				}
			}
		}
		return imported
	}))
}

// javaPackage is a package, or the beginning of the name of one.
type javaPackage struct {
	run  *run
	name string
}

// Get is what the package has by a name: a class if it begins with a capital.
func (p javaPackage) Get(key string) goja.Value {
	name := strings.TrimPrefix(p.name+"."+key, ".")
	switch class := p.run.script.Classes[name]; {
	case class != nil:
		return p.run.give(class)
	case len(name) > maxMessage:
		p.run.throw("RangeError", "The name of a Java class is too long")
	case key != "" && unicode.IsUpper(rune(key[0])):
		p.run.throw("Error", "The Java class %s is not provided by this fake tenant", name)
	}
	return p.run.vm.NewDynamicObject(javaPackage{p.run, name})
}

func (p javaPackage) Set(string, goja.Value) bool { return false }
func (p javaPackage) Has(string) bool             { return true }
func (p javaPackage) Delete(string) bool          { return false }
func (p javaPackage) Keys() []string              { return nil }
